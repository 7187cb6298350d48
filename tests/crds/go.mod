module extdns/tests/crds

go 1.25

// Only for the CustomResourceDefinitions that are in them; nothing is built.
require (
	github.com/projectcontour/contour v1.33.8
	sigs.k8s.io/gateway-api v1.5.1
)
