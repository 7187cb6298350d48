// Command etcd is the key-value store below the API server, unchanged. It stands here as a module of its own because
// `go install go.etcd.io/etcd/server/v3` makes a binary named server.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
