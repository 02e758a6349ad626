import { updateTag } from 'next/cache';

async function write() {
  'use server';
  updateTag('tür');
}

export default function Act() {
  return (
    <form action={write}>
      <button>write</button>
    </form>
  );
}
