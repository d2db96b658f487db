//! Plain pages of the server's own: readable without scripts, small, in light and dark.

/// A whole page around a body that is already HTML.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Rolecall</title><style>{STYLE}</style></head>\
         <body><main><p class=\"brand\">Rolecall</p>{body}</main></body></html>\n"
    )
}

/// Text as it may stand in HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fbfbf9;--line:#d5d8dc;--accent:#0b5f4b}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a2abb5;--paper:#15181c;--line:#3a4149;--accent:#5fd0b0}}\
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif}\
main{max-width:40rem;margin:0 auto;padding:3rem 1.25rem}\
.brand{font-weight:700;letter-spacing:.02em;color:var(--accent);margin:0 0 2rem}\
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}\
p{margin:.75rem 0}.soft{color:var(--soft)}\
a{color:var(--accent)}\
label{display:block;font-weight:600;margin:1.1rem 0 .3rem}\
input,select{width:100%;box-sizing:border-box;font:inherit;padding:.55rem .65rem;border:1px solid var(--line);border-radius:6px;background:transparent;color:inherit}\
input:focus-visible,select:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
small{display:block;color:var(--soft);margin-top:.25rem}\
button{font:inherit;font-weight:600;margin-top:1.75rem;padding:.6rem 1.2rem;border:0;border-radius:6px;background:var(--accent);color:var(--paper);cursor:pointer}\
.wrong{border-left:4px solid #c2410c;padding:.5rem .9rem;margin:1rem 0}\
code,pre{font:14px/1.5 ui-monospace,monospace}pre{padding:.8rem 1rem;border:1px solid var(--line);border-radius:6px;overflow-x:auto;white-space:pre-wrap;word-break:break-all}\
table{border-collapse:collapse;width:100%}td{padding:.35rem .5rem .35rem 0;border-top:1px solid var(--line);vertical-align:top}";
