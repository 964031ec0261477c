"""Identities of servers under test, each signed by an authority of its own."""

import ssl

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from provisor.testing.certificates import certificate, named


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
