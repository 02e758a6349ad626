# What Next.js looks at in these fields, and no more: else each browser has objects of its own.
sub vcl_recv {
    if (req.http.RSC != "1") {
        unset req.http.RSC;
    }
    if (req.http.Accept ~ "image/webp") {
        set req.http.Accept = "image/webp";
    } else {
        unset req.http.Accept;
    }
}

sub vcl_hash {
    hash_data(req.http.RSC);
    hash_data(req.http.Next-Router-Prefetch);
    hash_data(req.http.Next-Router-Segment-Prefetch);
}

sub vcl_backend_response {
    # All else that Next.js names does not change a prerendered page.
    if (bereq.url !~ "^/_next/") {
        set beresp.http.Vary = "Accept-Encoding";
    }
}
