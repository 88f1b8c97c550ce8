// Puts PEM files into PKCS12 stores, which are all that brokers before 2.7 read.
//
// Of NAME.pem it makes NAME.p12 beside it: a key and its certificate where the file has
// a key, else a certificate to trust. Store and key have the same password.
//
// Arguments: directory password name...

import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

public class Stores {
    static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----";
    static final String KEY_END = "-----END PRIVATE KEY-----";
    static final String CERTIFICATE_BEGIN = "-----BEGIN CERTIFICATE-----";

    public static void main(String[] args) throws Exception {
        char[] password = args[1].toCharArray();
        for (int i = 2; i < args.length; i++) {
            Path dir = Path.of(args[0]);
            String pem = Files.readString(dir.resolve(args[i] + ".pem"));
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, password);
            Certificate certificate = certificate(pem);
            if (pem.contains(KEY_BEGIN)) {
                Certificate[] chain = {certificate};
                store.setKeyEntry("broker", key(pem, certificate), password, chain);
            } else {
                store.setCertificateEntry("authority", certificate);
            }
            try (OutputStream out = Files.newOutputStream(dir.resolve(args[i] + ".p12"))) {
                store.store(out, password);
            }
        }
    }

    static Certificate certificate(String pem) throws Exception {
        byte[] text = pem.substring(pem.indexOf(CERTIFICATE_BEGIN)).getBytes(StandardCharsets.US_ASCII);
        return CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(text));
    }

    static PrivateKey key(String pem, Certificate certificate) throws Exception {
        int begin = pem.indexOf(KEY_BEGIN) + KEY_BEGIN.length();
        String text = pem.substring(begin, pem.indexOf(KEY_END));
        byte[] encoded = Base64.getMimeDecoder().decode(text);
        return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
                .generatePrivate(new PKCS8EncodedKeySpec(encoded));
    }
}
