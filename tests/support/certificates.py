"""Certificates for servers on this machine, each signed by an authority of its own."""

import ssl
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Identity:
    """A certificate for a name, signed by an authority of its own."""

    def __init__(self, folder, name="localhost", until=2099):
        folder.mkdir(exist_ok=True)
        self.root, self.chain, self.key = folder / "root.pem", folder / "chain.pem", folder / "key.pem"
        authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = certificate(
            named("an authority"), named("an authority"), authority.public_key(), authority, until=2099, ca=True
        )
        leaf = certificate(named(name), named("an authority"), own.public_key(), authority, until=until, dns=name)
        pem, secret = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self.root.write_bytes(root.public_bytes(pem))
        self.chain.write_bytes(leaf.public_bytes(pem))
        self.key.write_bytes(own.private_bytes(pem, secret, serialization.NoEncryption()))

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, issuer, key, signer, *, until, ca=False, dns=None):
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key).serial_number(7)
    builder = builder.not_valid_before(datetime(2001, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(until, 1, 1, tzinfo=UTC)
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    if dns is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(dns)]), critical=False)
    return builder.sign(signer, hashes.SHA256())
