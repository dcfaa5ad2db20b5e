// Where the client connects to, as the original's settings say it.
window.mumbleWebConfig = { defaults: { address: window.location.hostname, port: "443" } };
