export default function Gallery({ children, modal }) {
  return (
    <>
      {children}
      {modal}
    </>
  );
}
