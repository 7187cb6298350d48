//! extdns-providers
