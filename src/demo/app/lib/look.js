'use client';

import { useEffect, useRef } from 'react';
import { mount } from './panel';

export default function Look({ url, of, crowd }) {
  const root = useRef(null);
  useEffect(() => mount(root.current), []);
  return <section ref={root} className="panel" data-url={url} data-of={of} data-crowd={crowd || undefined} />;
}
