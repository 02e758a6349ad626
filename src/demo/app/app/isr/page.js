import Page from '../../lib/page';

export const metadata = { title: 'ISR' };
export const revalidate = 10;

export default function Isr() {
  return <Page path="/isr" at={new Date()} />;
}
