#include "run/protocol.h"

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

    /// Each member comes back as the one that it was.
    void messages()
    {
        const auto model = modelIn(payloadOf(RunModel{"m.pt", "r.toml", {}, "q.json", "text"}));
        QVERIFY(model == (RunModel{"m.pt", "r.toml", {}, "q.json", "text"}));
        QVERIFY(modelIn(payloadOf(RunModel{"m.pt", {}, "ema", {}, {}})) == (RunModel{"m.pt", {}, "ema", {}, {}}));
        QVERIFY(dataIn(payloadOf(RunData{"x.npy", "y.npy", 7})) == (RunData{"x.npy", "y.npy", 7}));
        QVERIFY(dataIn(payloadOf(RunData{"x.npy", {}, {}})) == (RunData{"x.npy", {}, {}}));
        for (const int set : {0, 1, 2, 3}) {
            const RunMessage run
                = runIn(payloadOf(RunMessage{{"a=b", "c"}, set == 0, set == 1, set == 2, set == 3, 5}));
            QCOMPARE(run.with, (std::vector<std::string>{"a=b", "c"}));
            QCOMPARE(run.allFloat, set == 0);
            QCOMPARE(run.layerOutputs, set == 1);
            QCOMPARE(run.outputs, set == 2);
            QCOMPARE(run.magnitudes, set == 3);
            QCOMPARE(run.memoryLimit, std::uint64_t{5});
        }
        const std::string latin = "net\xe9.onnx"; // no UTF-8
        QVERIFY(modelIn(payloadOf(RunModel{latin, {}, {}, {}, {}})) == (RunModel{latin, {}, {}, {}, {}}));
        QCOMPARE(errorIn(payloadOf(Error{ErrorKind::Io, latin, {}, "is damaged"})).path, latin);
        QCOMPARE(arrayIn(payloadOf(latin, {1}, std::vector<float>{2})).name, latin);
        for (const char *broken : {"\xa1", "\x80", "\xff", "\xa1\x61p", ""})
            QVERIFY_EXCEPTION_THROWN(modelIn(broken), ParseError);
        const ProgressMessage progress = progressIn(payloadOf(ProgressMessage{3, 8}));
        QCOMPARE(progress.done, std::uint64_t{3});
        QCOMPARE(progress.total, std::uint64_t{8});
        for (const bool kept : {false, true}) {
            const OpenedMessage opened = openedIn(payloadOf(OpenedMessage{{"one", "two"}, kept}));
            QCOMPARE(opened.notes, (std::vector<std::string>{"one", "two"}));
            QCOMPARE(opened.kept, kept);
        }
        for (const ErrorKind kind :
            {ErrorKind::Usage, ErrorKind::Io, ErrorKind::Parse, ErrorKind::Proof, ErrorKind::Cancelled}) {
            const Error error = errorIn(payloadOf(Error{kind, "m.onnx", 16, "is damaged"}));
            QVERIFY(error.kind == kind);
            QCOMPARE(error.text(), Error(kind, "m.onnx", 16, "is damaged").text());
        }
        const ArrayMessage array = arrayIn(payloadOf("layer/a", {2, 1}, std::vector<float>{1.5f, -2}));
        QCOMPARE(array.name, std::string("layer/a"));
        QCOMPARE(array.shape, (Shape{2, 1}));
        QCOMPARE(array.values, (std::vector<float>{1.5f, -2}));
        for (const Shape &shape : {Shape{3, 1}, Shape{1}, Shape{-2, -1}, Shape{1ll << 62, 4}})
            QVERIFY_EXCEPTION_THROWN(arrayIn(payloadOf("a", shape, std::vector<float>{1, 2})), ParseError);
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
