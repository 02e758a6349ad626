import { NextResponse } from 'next/server';

export const config = { matcher: ['/admin/:path*', '/secret', '/old', '/reflect'] };

export function middleware(request) {
  switch (request.nextUrl.pathname) {
    case '/old':
      return NextResponse.redirect(new URL('/isr', request.url));
    case '/reflect':
      // The mistake that CVE-2025-57822 is about: fields of the request on the response.
      return NextResponse.next({ headers: request.headers });
    default:
      return new NextResponse('forbidden', { status: 401 });
  }
}
