// The fuzz target's work as an ordinary test: every file of tests/data, whole and damaged in reproducible ways.

#include "fuzz/touch_model.h"
#include "support/paths.h"

#include <QDirIterator>

#include <random>

using namespace quantscope;

namespace {

constexpr qint64 kLargest = 300'000; // the large ones repeat what the small ones test

std::vector<std::uint8_t> inputOf(const QString &path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    const QByteArray bytes = file.readAll();
    return {bytes.begin(), bytes.end()};
}

/// Small changes, cuts and copies; numbers at the edges are what lengths and offsets break on.
std::vector<std::uint8_t> damaged(std::vector<std::uint8_t> bytes, std::mt19937 &random)
{
    constexpr std::uint8_t kEdges[] = {0, 1, 0x7f, 0x80, 0xff};
    for (auto changes = 1 + random() % 5; changes > 0 && !bytes.empty(); --changes) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 4) {
        case 0: bytes[at] = static_cast<std::uint8_t>(random()); break;
        case 1: bytes[at] = kEdges[random() % std::size(kEdges)]; break;
        case 2: bytes.resize(at); break;
        default:
            std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size()), 1,
                bytes.begin() + static_cast<std::ptrdiff_t>(at));
        }
    }
    return bytes;
}

} // namespace

class TestFuzzReplay : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyFile_data()
    {
        QTest::addColumn<QString>("folder");
        for (const char *folder : {"torch/zip", "torch/bad", "torch/ts", "torch/qsd", "torch/llm", "torch/legacy",
                 "torch/np", "torch/st", "onnx", "dpu", "brevitas/0.10.2", "brevitas/0.6.0"})
            QTest::newRow(folder) << QString(folder);
    }

    void everyFile()
    {
        QFETCH(QString, folder);
        QDirIterator it(
            QString::fromStdString(test::data(folder.toStdString())), QDir::Files, QDirIterator::Subdirectories);
        int files = 0, opened = 0;
        while (it.hasNext()) {
            const QString path = it.next();
            if (path.endsWith(".golden.json") || it.fileInfo().size() > kLargest)
                continue;
            const auto bytes = inputOf(path);
            std::mt19937 random(static_cast<unsigned>(bytes.size()));
            opened += fuzz::openAndTouch(bytes) ? 1 : 0;
            for (int i = 0; i < 20; ++i)
                fuzz::openAndTouch(damaged(bytes, random));
            ++files;
        }
        QVERIFY(files > 3);
        QVERIFY(opened > 0);
    }
};

QTEST_APPLESS_MAIN(TestFuzzReplay)
#include "tst_fuzz_replay.moc"
