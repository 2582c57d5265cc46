"""Which house a service has. A further platform adds its case here, and nothing elsewhere has to know."""

from collections.abc import Mapping

from actions.catalog.platform import ComposePlatform, KubernetesPlatform, LocalPlatform
from actions.catalog.service import Service
from actions.platforms.compose_house import ComposeHouse
from actions.platforms.house import House
from actions.platforms.kubernetes_house import KubernetesHouse
from actions.platforms.local_house import LocalHouse


def house_of(service: Service, environ: Mapping[str, str]) -> House:
    match service.platform:
        case LocalPlatform():
            return LocalHouse(service=service, environ=environ)
        case ComposePlatform():
            return ComposeHouse(service=service, environ=environ)
        case KubernetesPlatform():
            return KubernetesHouse(service=service, environ=environ)
