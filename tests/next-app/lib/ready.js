'use client';

// Tells a test in a browser that React has taken the page over: a click before that is a plain link.
import { useEffect } from 'react';

export default function Ready() {
  useEffect(() => {
    document.documentElement.dataset.ready = 'true';
  }, []);
  return null;
}
