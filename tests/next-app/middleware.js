// `middleware.js` on Next.js 14 and 15; copied as `proxy.js` on 16. The default export is understood under both names.
import { NextResponse } from 'next/server';

export default function middleware(request) {
  switch (request.nextUrl.pathname) {
    case '/mwcookie': {
      const response = NextResponse.next();
      response.cookies.set('mw', 'visitor', { path: '/' });
      return response;
    }
    case '/mwhdr': {
      const response = NextResponse.next();
      response.headers.set('Cache-Control', 'private, max-age=5');
      return response;
    }
    case '/mwrw':
      return NextResponse.rewrite(new URL('/isr', request.url));
    case '/mwredir':
      return NextResponse.redirect(new URL('/static', request.url));
    default:
      return NextResponse.next();
  }
}

export const config = { matcher: ['/mwcookie', '/mwhdr', '/mwrw', '/mwredir'] };
