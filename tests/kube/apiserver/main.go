// Command kube-apiserver is the API server of Kubernetes, unchanged. It stands here as a module of its own because
// `go install k8s.io/kubernetes/cmd/kube-apiserver` is refused: that module replaces its staging modules.
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	os.Exit(cli.Run(app.NewAPIServerCommand()))
}
