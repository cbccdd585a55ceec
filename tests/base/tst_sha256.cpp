#include "base/sha256.h"

#include <QtTest>

using namespace quantscope;

class TestSha256 : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// FIPS 180-4 examples (NIST CSRC, "SHA256.pdf") and the well-known digest of nothing.
    void vectors_data()
    {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QString>("digest");
        QTest::newRow("empty") << QByteArray("") << "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        QTest::newRow("abc") << QByteArray("abc") << "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        QTest::newRow("two blocks") << QByteArray("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                                    << "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
        QTest::newRow("a million a") << QByteArray(1000000, 'a')
                                     << "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    }

    void vectors()
    {
        QFETCH(QByteArray, message);
        QFETCH(QString, digest);
        const std::span bytes(
            reinterpret_cast<const std::byte *>(message.constData()), static_cast<std::size_t>(message.size()));
        QCOMPARE(QString::fromStdString(sha256(bytes)), digest);
        Sha256 streamed;
        for (std::size_t at = 0; at < bytes.size(); at += 977)
            streamed.add(bytes.subspan(at, std::min<std::size_t>(977, bytes.size() - at)));
        QCOMPARE(QString::fromStdString(streamed.finish()), digest);
    }
};

QTEST_APPLESS_MAIN(TestSha256)
#include "tst_sha256.moc"
