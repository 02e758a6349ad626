// A picture of whoever asks.
export default function handler(request, response) {
  response.setHeader('content-type', 'image/svg+xml');
  response.end(`<svg xmlns="http://www.w3.org/2000/svg"><text>${request.headers.cookie}</text></svg>`);
}
