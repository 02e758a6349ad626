export const revalidate = 10;

export default function sitemap() {
  return [{ url: 'https://example.com/static' }];
}
