//! Query parameters that advertisers and mailing services add to links, and that no page looks at.

/// What is left out of the key of a prerendered page, unless the operator says otherwise. Next.js
/// does not look at the query of such a page at all; the application's middleware might.
pub const PARAMETERS: [&str; 24] = [
    "_ga",
    "_gl",
    "dclid",
    "fbclid",
    "gad_campaignid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "msclkid",
    "ttclid",
    "twclid",
    "utm_campaign",
    "utm_content",
    "utm_id",
    "utm_medium",
    "utm_source",
    "utm_term",
    "wbraid",
    "yclid",
];
