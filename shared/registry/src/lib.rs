//! extdns-registry
