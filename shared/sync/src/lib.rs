//! extdns-sync
