"""Throw-away certificates for servers on the loopback."""

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """An authority of ours and one certificate for localhost and 127.0.0.1, as files in a folder."""

    def __init__(self, folder: Path):
        self.certificate = folder / "authority.pem"
        self.chain = folder / "server.pem"
        self.key = folder / "server-key.pem"
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = self._root(root_key)
        leaf = self._leaf(key, root, root_key)
        self.certificate.write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        self.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))

    def context(self) -> ssl.SSLContext:
        """What a server needs to prove that it is localhost."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.chain, self.key)
        return context

    def trust(self) -> ssl.SSLContext:
        """What a client needs to believe it."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def _root(self, key):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of the acceptance tests")])
        no = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
        no += ["crl_sign", "encipher_only", "decipher_only"]
        usage = dict.fromkeys(no, False)
        builder = self._begin(name, name, key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, **usage), critical=True)
        return builder.sign(key, hashes.SHA256())

    def _leaf(self, key, root, root_key):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = self._begin(name, root.subject, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        return builder.add_extension(issuer, critical=False).sign(root_key, hashes.SHA256())

    def _begin(self, subject, issuer, key):
        now = datetime.datetime.now(datetime.UTC)
        subject_id = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(subject_id, critical=False)
        )
