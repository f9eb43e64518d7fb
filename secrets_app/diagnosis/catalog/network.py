"""Causes in the network: DNS, TLS, proxies, broken connections, service errors."""

from secrets_app.core.own_messages import RESPONSE_TOO_LARGE, UNDECODABLE_RESPONSE
from secrets_app.diagnosis.catalog import links
from secrets_app.diagnosis.catalog.predicates import is_not_client_error
from secrets_app.diagnosis.cause import LINUX, MACOS, WINDOWS, Area, Cause, run
from secrets_app.diagnosis.signature import Signature, Strength, own_message, phrase
from secrets_app.diagnosis.stack_settings import StackSetting
from secrets_app.diagnosis.stacks import Stack

_SERVER_ERRORS = frozenset(range(500, 600))

_REQUESTS = (Stack.PYTHON, Stack.AZURE_CLI, Stack.ANSIBLE)
_NODE = (Stack.JAVASCRIPT, Stack.VS_CODE, Stack.AZURE_PIPELINES, Stack.GITHUB_ACTIONS)
_OPENSSL = (Stack.DOTNET, Stack.GO, Stack.AUTOREST_GO, Stack.TERRAFORM, Stack.PULUMI, Stack.RUST)

CAUSES = (
    Cause(
        key="proxy_error",
        area=Area.NETWORK,
        title="The proxy is unavailable or rejects the connection",
        why="Requests are sent through a proxy. It did not respond, requires authentication, or blocks the host.",
        fix="Correct the proxy's address, user name and password. Allow login.microsoftonline.com and "
        "*.vault.azure.net in the proxy.",
        otherwise=(
            "If these hosts need no proxy, list them in NO_PROXY; 169.254.169.254 always belongs there.",
            (
                "If the proxy requires authentication, put user name and password into the URL, URL-encoded, or use "
                "one that needs none."
            ),
        ),
        setting=StackSetting.PROXY,
        site_fix="Correct HTTPS_PROXY, including its user name and password. Allow login.microsoftonline.com and "
        "*.vault.azure.net in the proxy.",
        signatures=(
            phrase("unable to connect to proxy"),
            phrase("cannot connect to proxy"),
            phrase("tunnel connection failed"),
            phrase("proxyerror"),
            phrase("proxy authentication required"),
            phrase("407", "proxy"),
            phrase("proxy tunnel"),
            phrase("wrong_version_number", "proxy"),
            phrase("the proxy tunnel request to proxy", any_of=("failed",)),
            phrase("proxyconnect tcp"),
            phrase("unable to tunnel through proxy"),
            phrase("tunneling socket could not be established"),
            phrase("failed to connect to proxy"),
            phrase("check proxy url"),
            phrase("proxy", any_of=("connection refused", "forbidden", "could not connect"), strength=Strength.LIKELY),
            phrase("http_proxy", strength=Strength.WEAK),
            phrase("https_proxy", strength=Strength.WEAK),
            phrase("clientproxyconnectionerror"),
            phrase("zscaler", any_of=("blocked", "proxy", "denied", "not allowed")),
            phrase("blocked by", "proxy", strength=Strength.LIKELY),
            Signature(status=frozenset({407}), strength=Strength.LIKELY),
        ),
        commands=(
            run("env | grep -i _proxy", systems=(LINUX, MACOS)),
            run("Get-ChildItem Env:*_PROXY", systems=(WINDOWS,)),
            run("curl -sS -o /dev/null -w '%{{http_code}}\\n' https://{vault_host}/", systems=(LINUX, MACOS)),
        ),
        links=(links.PYTHON_PROXY, links.AZ_TROUBLE),
    ),
    Cause(
        key="tls_interception",
        area=Area.NETWORK,
        title="The server's TLS certificate is not trusted",
        why="A common reason is a corporate proxy that inspects TLS traffic: its certificate authority (CA) is not "
        "trusted by this program.",
        fix="Add the CA certificate that signed the server's certificate (last command) to the program's trusted CAs:"
        " usually your company's, which inspects TLS traffic. Do not disable certificate verification.",
        otherwise=(
            (
                "If the issuer is a public CA (DigiCert, Microsoft), this system's CA list is old: update it "
                "(ca-certificates, certifi, the JDK), or use a newer base image."
            ),
            (
                "If the CA is installed and it still fails, this program uses another list: set it for its runtime; a"
                " container needs it inside."
            ),
        ),
        setting=StackSetting.CA_FILE,
        signatures=(
            phrase("certificate_verify_failed"),
            phrase("certificate verify failed"),
            phrase("self signed certificate in certificate chain"),
            phrase("self-signed certificate"),
            phrase("unable to get local issuer certificate"),
            phrase("unable to get issuer cert"),
            phrase("unable to verify the first certificate"),
            phrase("unable_to_verify_leaf_signature"),
            phrase("self_signed_cert_in_chain"),
            phrase("pkix path building failed"),
            phrase("pkix path validation failed"),
            phrase("certificateexpiredexception"),
            phrase("unable to find valid certification path"),
            phrase("the remote certificate is invalid"),
            phrase("remote certificate was rejected"),
            phrase("certificate signed by unknown authority"),
            phrase("could not establish trust relationship"),
            phrase("certificate is not trusted"),
            phrase("x509:", any_of=("unknown authority", "not trusted", "certificate")),
            phrase("the ssl connection could not be established", strength=Strength.LIKELY),
            phrase("certificate has expired", any_of=("ssl", "tls", "verify"), strength=Strength.LIKELY),
            phrase("untrusted", "certificate", strength=Strength.LIKELY),
            phrase("hostname mismatch", "certificate"),
            phrase("doesn't match", any_of=("certificate is not valid for", "hostname")),
            phrase("could not find a suitable tls ca certificate bundle"),
            phrase(
                "ssl",
                any_of=(
                    "certificate verify",
                    "certificate problem",
                    "certificate error",
                    "handshake",
                    "certificate chain",
                ),
                strength=Strength.LIKELY,
            ),
            phrase("certificate", any_of=("untrusted", "not trusted", "unknown ca"), strength=Strength.LIKELY),
            phrase("remotezertifikat ist laut validierungsverfahren ungültig"),
            phrase("le certificat distant n'est pas valide"),
            phrase("el certificado remoto no es válido"),
        ),
        commands=(
            run("export REQUESTS_CA_BUNDLE=/path/to/company-ca.pem", systems=(LINUX, MACOS), stacks=_REQUESTS),
            run("$env:REQUESTS_CA_BUNDLE = 'C:\\path\\to\\company-ca.pem'", systems=(WINDOWS,), stacks=_REQUESTS),
            run("export NODE_EXTRA_CA_CERTS=/path/to/company-ca.pem", systems=(LINUX, MACOS), stacks=_NODE),
            run("$env:NODE_EXTRA_CA_CERTS = 'C:\\path\\to\\company-ca.pem'", systems=(WINDOWS,), stacks=_NODE),
            run("export SSL_CERT_FILE=/path/to/company-ca.pem", systems=(LINUX,), stacks=_OPENSSL),
            run(
                "Import-Certificate -FilePath C:\\path\\to\\company-ca.pem "
                "-CertStoreLocation Cert:\\LocalMachine\\Root",
                systems=(WINDOWS,),
                stacks=(*_OPENSSL, Stack.POWERSHELL, Stack.AZD),
            ),
            run(
                "keytool -importcert -cacerts -alias company-ca -file company-ca.pem",
                stacks=(Stack.JAVA, Stack.SPRING),
            ),
            run(
                "openssl s_client -connect {host}:443 -servername {host} </dev/null 2>/dev/null | "
                "openssl x509 -noout -issuer",
                systems=(LINUX, MACOS),
            ),
        ),
        links=(links.PYTHON_PROXY, links.AZ_TROUBLE),
    ),
    Cause(
        key="dns_failure",
        area=Area.NETWORK,
        title="The host name cannot be resolved",
        why="DNS returned no address: the name is misspelled, the vault was deleted, or this network's DNS "
        "servers have no record for it.",
        fix="Check the name first. If it is correct, look it up from this machine. "
        "With a private endpoint, its private DNS zone must be linked to this network.",
        otherwise=(
            ("If the name contains quotes, None, a placeholder or two suffixes, the setting was not read or is wrong."),
            (
                "If it fails in one environment only, its DNS servers are the reason: in a pod CoreDNS, in a virtual "
                "network the custom DNS server, which must forward to 168.63.129.16."
            ),
            "If the vault was deleted, its name does not resolve: recover it.",
        ),
        signatures=(
            phrase("failed to resolve"),
            phrase("nameresolutionerror"),
            phrase("getaddrinfo", any_of=("failed", "enotfound", "eai_again", "errno")),
            phrase("name or service not known"),
            phrase("temporary failure in name resolution"),
            phrase("nodename nor servname provided"),
            phrase("no address associated with hostname"),
            phrase("no such host is known"),
            phrase("winerror 11001"),
            phrase("winerror 11002"),
            phrase("winerror 11004"),
            phrase("no such host"),
            phrase("enotfound"),
            phrase("unknownhostexception"),
            phrase("the remote name could not be resolved"),
            phrase("could not resolve host"),
            phrase("name does not resolve"),
            phrase(
                "cannot connect to host",
                any_of=("name or service", "getaddrinfo", "nodename", "domain name not found", "dns"),
            ),
            phrase("nxdomain"),
            phrase("server can't find"),
            phrase("domain name not found"),
            phrase("der angegebene host ist unbekannt"),
            phrase("dns server returned answer with no data"),
            phrase("this is usually a temporary error during hostname resolution"),
            phrase("socket.gaierror"),
            phrase("host desconocido", strength=Strength.LIKELY),
            phrase("dns", any_of=("failed", "failure", "resolve", "lookup"), strength=Strength.LIKELY),
            phrase("resolve", any_of=("host", "hostname"), unless=("key used",), strength=Strength.WEAK),
            phrase("max retries exceeded attempting to connect to", "flush your dns cache"),
            phrase("key vault reference", "vaultnotfound"),
            phrase("remotename konnte nicht aufgelöst werden"),
            phrase("hôte inconnu"),
            phrase("le nom distant n'a pas pu être résolu"),
            phrase("no se puede resolver el nombre remoto"),
            phrase("host sconosciuto"),
            phrase("impossibile risolvere il nome remoto"),
            phrase("este host não é conhecido"),
            phrase("不知道这样的主机"),
            phrase("そのようなホストは不明です"),
        ),
        commands=(
            run("az keyvault show --name {vault} --query properties.vaultUri --output tsv"),
            run("nslookup {host}"),
        ),
        links=(links.KEY_VAULT_PRIVATE_LINK_DIAGNOSE, links.KEY_VAULT_PRIVATE_LINK),
    ),
    Cause(
        key="tls_version_too_old",
        area=Area.NETWORK,
        title="The TLS version is too old",
        why="Microsoft Entra ID and Key Vault require TLS 1.2 or later. This program or its system uses an older one.",
        fix="Update the operating system, OpenSSL or the runtime, and enable TLS 1.2.",
        signatures=(
            phrase("you are using tls version", any_of=("1.0", "1.1", "3des")),
            phrase("tlsv1 alert protocol version"),
            phrase("tlsv1_alert_protocol_version"),
            phrase("unsupported protocol", "ssl"),
            phrase("could not create ssl/tls secure channel"),
            phrase("protocol_version", "ssl", strength=Strength.LIKELY),
            phrase("wrong_version_number", strength=Strength.WEAK),
            phrase("kein geschützter ssl/tls-kanal"),
            phrase("impossible de créer un canal sécurisé ssl/tls"),
            phrase("no se puede crear un canal seguro ssl/tls"),
        ),
        commands=(
            run(
                'python3 -c "import ssl; print(ssl.OPENSSL_VERSION)"',
                stacks=(Stack.PYTHON, Stack.AZURE_CLI, Stack.ANSIBLE),
            ),
        ),
        links=(links.TLS,),
    ),
    Cause(
        key="service_error",
        area=Area.NETWORK,
        title="The service returned a server error (HTTP 5xx)",
        why="Microsoft Entra ID, Key Vault or a gateway in front of it had an internal error.",
        fix="Retry with increasing delays. If the error persists, check Azure status.",
        otherwise=("If a proxy or gateway stands between, its own log names the reason: the answer may be from it.",),
        signatures=(
            phrase("http error: 5", unless=("ws-trust",)),
            phrase("unexpected response from microsoft entra id", strength=Strength.LIKELY),
            phrase("no response content from microsoft entra id", strength=Strength.LIKELY),
            Signature(
                phrases=("operation returned an invalid status",),
                unless=(
                    "forbidden",
                    "unauthorized",
                    "not found",
                    "notfound",
                    "conflict",
                    "bad request",
                    "badrequest",
                    "too many requests",
                    "toomanyrequests",
                ),
                where=is_not_client_error,
                strength=Strength.LIKELY,
            ),
            phrase(
                "operation returned an invalid status",
                any_of=(
                    "internal server error",
                    "bad gateway",
                    "service unavailable",
                    "gateway timeout",
                    "gateway time-out",
                ),
            ),
            phrase("internal server error", strength=Strength.LIKELY),
            phrase("bad gateway", strength=Strength.LIKELY),
            phrase("service unavailable", strength=Strength.LIKELY),
            phrase("gateway timeout", strength=Strength.LIKELY),
            phrase("gateway time-out", strength=Strength.LIKELY),
            Signature(status=_SERVER_ERRORS, strength=Strength.LIKELY),
            Signature(
                codes=frozenset(
                    {"internalservererror", "serviceunavailable", "temporarily_unavailable", "internalerror"}
                ),
                strength=Strength.CLEAR,
            ),
        ),
        links=("https://azure.status.microsoft/",),
    ),
    Cause(
        key="network_interrupted",
        area=Area.NETWORK,
        title="The connection was refused, reset, or timed out",
        why="The host name was resolved, but the connection failed. A firewall is the usual reason.",
        fix="Check that this machine can reach port 443 of the host, then try again.",
        otherwise=(
            (
                "If a firewall filters outbound traffic, allow login.microsoftonline.com, *.vault.azure.net and, for "
                "managed identity, 169.254.169.254."
            ),
            (
                "If it fails now and then, retry with increasing delays, and use one client for the whole program "
                "(SNAT ports run out otherwise)."
            ),
            "If a private endpoint is used, check the network security group and the route to it.",
        ),
        signatures=(
            phrase("connection reset by peer", strength=Strength.LIKELY),
            phrase("connection aborted", strength=Strength.LIKELY),
            phrase("connectionreseterror", strength=Strength.LIKELY),
            phrase("connection refused", strength=Strength.LIKELY),
            phrase("winerror 10051", strength=Strength.LIKELY),
            phrase("winerror 10053", strength=Strength.LIKELY),
            phrase("winerror 10054", strength=Strength.LIKELY),
            phrase("winerror 10060", strength=Strength.LIKELY),
            phrase("winerror 10061", strength=Strength.LIKELY),
            phrase("connect call failed", strength=Strength.WEAK),
            phrase("econnrefused", strength=Strength.LIKELY),
            phrase("econnreset", strength=Strength.LIKELY),
            phrase("etimedout", strength=Strength.LIKELY),
            phrase("socket hang up", strength=Strength.LIKELY),
            phrase("read timed out", strength=Strength.LIKELY),
            phrase("connection timed out", strength=Strength.LIKELY),
            phrase("connect timeout", strength=Strength.LIKELY),
            phrase(
                "timed out", any_of=("connection", "host=", "socket", "request", "handshake"), strength=Strength.LIKELY
            ),
            phrase("remote end closed connection", strength=Strength.LIKELY),
            phrase("remotedisconnected", strength=Strength.LIKELY),
            phrase("failed to establish a new connection", strength=Strength.LIKELY),
            phrase("an existing connection was forcibly closed", strength=Strength.LIKELY),
            phrase("target machine actively refused", strength=Strength.LIKELY),
            phrase("network is unreachable", strength=Strength.LIKELY),
            phrase("no route to host", strength=Strength.LIKELY),
            phrase("max retries exceeded with url", strength=Strength.WEAK),
            phrase("maximum retries exceeded", strength=Strength.WEAK),
            phrase("server disconnected", strength=Strength.LIKELY),
            phrase("eof occurred in violation of protocol", strength=Strength.LIKELY),
            phrase("broken pipe", strength=Strength.LIKELY),
            phrase("incompleteread", strength=Strength.LIKELY),
            phrase("json is invalid", strength=Strength.WEAK),
            own_message(UNDECODABLE_RESPONSE, strength=Strength.LIKELY),
            own_message(RESPONSE_TOO_LARGE, strength=Strength.LIKELY),
            phrase("cannot connect to host", strength=Strength.WEAK),
            phrase("unable to connect to the remote server", strength=Strength.WEAK),
            phrase("connection prematurely closed", strength=Strength.LIKELY),
            phrase("did not properly respond after a period of time", strength=Strength.LIKELY),
            phrase("response timeout", strength=Strength.WEAK),
            phrase("request timeout", strength=Strength.WEAK),
            phrase("context deadline exceeded", strength=Strength.WEAK),
            phrase("i/o timeout", strength=Strength.LIKELY),
            phrase("the operation was timed out", strength=Strength.WEAK),
            phrase("connection lost", strength=Strength.WEAK),
            phrase("connection timeout to host", strength=Strength.LIKELY),
            phrase("zielcomputer die verbindung verweigerte", strength=Strength.LIKELY),
            phrase("verbindungsversuch ist fehlgeschlagen, da die gegenstelle", strength=Strength.LIKELY),
            phrase("vorhandene verbindung wurde vom remotehost geschlossen", strength=Strength.LIKELY),
            phrase("l'ordinateur cible l'a expressément refusée", strength=Strength.LIKELY),
            phrase("connexion existante a dû être fermée par l'hôte distant", strength=Strength.LIKELY),
            phrase("el equipo de destino denegó expresamente", strength=Strength.LIKELY),
        ),
        commands=(
            run("nc -vz {host} 443", systems=(LINUX, MACOS)),
            run("Test-NetConnection {host} -Port 443", systems=(WINDOWS,)),
        ),
        links=(links.KEY_VAULT_NETWORK,),
    ),
)
