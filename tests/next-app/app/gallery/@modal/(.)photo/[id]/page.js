// Shown over the gallery on client navigation; the same URL, loaded by itself, is app/gallery/photo/[id].
import { rendered } from '../../../../../lib/state';

export default async function Modal({ params }) {
  const { id } = await params;
  const { at } = rendered(`modal /gallery/photo/${id}`);
  return (
    <dialog id="modal" open>
      modal {id} <time>{at}</time>
    </dialog>
  );
}
