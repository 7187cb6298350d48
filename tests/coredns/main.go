// Command coredns is CoreDNS with the plugins that the tests need, unchanged: the whole of it has the clients of several
// clouds.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/etcd"
)

func main() {
	dnsserver.Directives = []string{"errors", "etcd"}
	coremain.Run()
}
