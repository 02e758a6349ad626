'use client';

// Tells a test in a browser that React has taken the page over, and which build its code is from.
import { useEffect } from 'react';

export default function Ready() {
  useEffect(() => {
    document.documentElement.dataset.ready = process.env.BUILD;
  }, []);
  return null;
}
