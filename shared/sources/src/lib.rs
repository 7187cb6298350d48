//! extdns-sources
