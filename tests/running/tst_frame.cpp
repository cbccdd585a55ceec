#include "run/frame.h"

#include <thread>

#include <QtTest>

#include <sys/socket.h>
#include <unistd.h>

using namespace quantscope;
using namespace std::chrono_literals;

namespace {

/// Two ends of a socket.
class Ends {
public:
    Ends()
        : m_made(::socketpair(AF_UNIX, SOCK_STREAM, 0, m_ends) == 0)
    {
    }
    ~Ends()
    {
        closeFar();
        ::close(m_ends[0]);
    }
    Ends(const Ends &) = delete;
    Ends &operator=(const Ends &) = delete;
    int near() const { return m_ends[0]; }
    int far() const { return m_ends[1]; }
    void closeFar()
    {
        if (m_ends[1] >= 0)
            ::close(m_ends[1]);
        m_ends[1] = -1;
    }
    bool made() const { return m_made; }

private:
    int m_ends[2] = {-1, -1};
    bool m_made;
};

QByteArray bytesOf(const char *text, qsizetype size) { return {text, size}; }

} // namespace

class TestFrame : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Length 3 little-endian, type 10, "abc": the bytes as they are on the line.
    void bytesOfAFrame()
    {
        Ends ends;
        QVERIFY(ends.made());
        FrameChannel(ends.near(), ends.near()).send(FrameType::Cancel, "abc");
        char bytes[16] = {};
        QCOMPARE(::read(ends.far(), bytes, sizeof bytes), ssize_t{8});
        QCOMPARE(bytesOf(bytes, 8), bytesOf("\x03\0\0\0\x0a", 5) + "abc");
    }

    /// In pieces of any size, two at once, and none.
    void framesComeWhole()
    {
        Ends ends;
        FrameChannel channel(ends.near(), ends.near());
        const QByteArray two = bytesOf("\x02\0\0\0\x07hi\0\0\0\0\x09", 12);
        QVERIFY(!channel.receive(0ms));
        for (qsizetype i = 0; i < two.size() - 1; ++i) {
            QCOMPARE(::write(ends.far(), two.data() + i, 1), ssize_t{1});
            const auto frame = channel.receive(0ms);
            QCOMPARE(frame.has_value(), i == 6);
            if (frame) {
                QVERIFY(frame->type == FrameType::Progress);
                QCOMPARE(frame->payload, std::string("hi"));
            }
        }
        QCOMPARE(::write(ends.far(), two.data() + 11, 1), ssize_t{1});
        const auto last = channel.receive(1s);
        QVERIFY(last && last->type == FrameType::Finished && last->payload.empty());
    }

    void largeFrames()
    {
        Ends ends;
        const std::string payload(5'000'000, 'x');
        std::thread writer([&] { FrameChannel(ends.far(), ends.far()).send(FrameType::Array, payload); });
        const Frame frame = FrameChannel(ends.near(), ends.near()).receive();
        writer.join();
        QVERIFY(frame.payload == payload);
    }

    void brokenStreams_data()
    {
        QTest::addColumn<QByteArray>("bytes");
        QTest::addColumn<QString>("says");
        QTest::newRow("nothing") << QByteArray() << "has ended";
        QTest::newRow("within a head") << bytesOf("\x02\0\0", 3) << "ended within a frame";
        QTest::newRow("within a payload") << bytesOf("\x09\0\0\0\x01hello", 10) << "ended within a frame";
        QTest::newRow("no such type") << bytesOf("\0\0\0\0\x0c", 5) << "type 12, which is none";
        QTest::newRow("type 0") << bytesOf("\0\0\0\0\0", 5) << "type 0, which is none";
        QTest::newRow("too long") << bytesOf("\x01\0\0\x04\x01", 5) << "claims 67108865 bytes";
        QTest::newRow("text") << QByteArray("Traceback (most recent call last)") << "type 101, which is none";
    }

    void brokenStreams()
    {
        QFETCH(QByteArray, bytes);
        QFETCH(QString, says);
        Ends ends;
        QCOMPARE(::write(ends.far(), bytes.data(), static_cast<std::size_t>(bytes.size())), ssize_t{bytes.size()});
        ends.closeFar();
        try {
            FrameChannel(ends.near(), ends.near()).receive();
            QFAIL("it was taken");
        } catch (const ParseError &error) {
            QVERIFY2(QString(error.what()).contains(says), error.what());
        }
    }

    void sendingToNobody()
    {
        Ends ends;
        ends.closeFar();
        QVERIFY_EXCEPTION_THROWN(FrameChannel(ends.near(), ends.near()).send(FrameType::Run, "x"), ChannelClosed);
    }
};

QTEST_APPLESS_MAIN(TestFrame)
#include "tst_frame.moc"
