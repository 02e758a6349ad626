export async function POST(request) {
  const name = String((await request.formData()).get('name') ?? '').slice(0, 20);
  const cookie = `demo-name=${encodeURIComponent(name)}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax`;
  return new Response(null, { status: 303, headers: { Location: '/dynamic', 'Set-Cookie': cookie } });
}
