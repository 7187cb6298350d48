"""moto, with EKS clusters whose endpoint and certificate authority are given: no API of moto can set them.

usage: server.py PORT '[{"account": .., "region": .., "name": .., "status": .., "endpoint": .., "ca": BASE64}, ..]'
"""

import json
import sys

from moto.eks.models import eks_backends
from moto.server import main


def seed(cluster):
    stored = eks_backends[cluster["account"]][cluster["region"]].create_cluster(
        name=cluster["name"],
        role_arn=f"arn:aws:iam::{cluster['account']}:role/cluster",
        resources_vpc_config={"subnetIds": ["subnet-1", "subnet-2"]},
    )
    stored.status = cluster["status"]
    stored.endpoint = cluster["endpoint"]
    stored.certificate_authority = {"data": cluster["ca"]}


for cluster in json.loads(sys.argv[2]):
    seed(cluster)
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
