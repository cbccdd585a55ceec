#include "export/export.h"

#include "export/export_folder.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QTemporaryDir>

#include <atomic>
#include <cmath>
#include <csignal>
#include <sys/resource.h>

using namespace quantscope;
using namespace quantscope::test;

namespace {

using Json = nlohmann::json;

/// Zeros without memory; counts what is read of them.
class CountingZeros final : public ByteSource {
public:
    explicit CountingZeros(std::uint64_t size)
        : m_size(size)
    {
    }
    std::uint64_t size() const override { return m_size; }
    void read(std::uint64_t, std::span<std::byte> out) const override
    {
        std::fill(out.begin(), out.end(), std::byte{0});
        bytesRead += out.size();
    }
    mutable std::atomic<std::uint64_t> bytesRead = 0;

private:
    std::uint64_t m_size;
};

} // namespace

class TestExport : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void usageErrors_data();
    void usageErrors();
    void nothingToExport();
    void refusedCodes_data();
    void refusedCodes();
    void slotsAreLeftOutWithANote();
    void layoutFallsBackWithANote();
    void previewIsTheBeginning_data();
    void previewIsTheBeginning();
    void previewReadsWhatItShows_data();
    void previewReadsWhatItShows();
    void failingDestinations();
    void fullDiskKeepsTheOldFiles();
    void cancellingLeavesNothing();
};

void TestExport::usageErrors_data()
{
    QTest::addColumn<QString>("layer");
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QString>("reason");
    QTest::newRow("layer") << "flaot"
                           << "header"
                           << "source"
                           << "did you mean \"float\"";
    QTest::newRow("format") << "float"
                            << "haeder"
                            << "source"
                            << "did you mean \"header\"";
    QTest::newRow("layout") << "float"
                            << "header"
                            << "ohw"
                            << "did you mean \"ohwi\"";
    QTest::newRow("no weights") << "relu"
                                << "header"
                                << "source"
                                << "'relu' has no weight and no bias";
    QTest::newRow("no quantizer") << "norm"
                                  << "header"
                                  << "source"
                                  << "norm weight has no known quantizer";
    QTest::newRow("empty") << "empty"
                           << "header"
                           << "source"
                           << "the weight of layer 'empty' is empty (0";
    QTest::newRow("minifloat") << "fp8"
                               << "header"
                               << "source"
                               << "no integer codes";
    QTest::newRow("unreadable") << "missing"
                                << "header"
                                << "source"
                                << "weights.bin is missing";
    QTest::newRow("zero point") << "halves"
                                << "header"
                                << "source"
                                << "its zero point 0.5 is no whole number, so that no integer can stand for it";
    QTest::newRow("scales") << "scales"
                            << "header"
                            << "source"
                            << "its 3 scales do not fit";
    QTest::newRow("infinite scale") << "infinite"
                                    << "header"
                                    << "source"
                                    << "its scale 0 is not finite";
}

void TestExport::usageErrors()
{
    QFETCH(QString, layer);
    QFETCH(QString, format);
    QFETCH(QString, layout);
    QFETCH(QString, reason);
    Network network = threeLayers();
    network.layers.push_back(layerOf("relu", "ReLU", {}));
    network.layers.push_back(layerOf("norm", "BatchNorm2d", {int8Slot("weight", {2}, {1, 2})}));
    network.layers.back().slots[0].quantizer.reset();
    if (layer == "empty")
        network.layers.push_back(layerOf("empty", "Linear", {int8Slot("weight", {0, 3}, {})}));
    network.layers.push_back(layerOf("fp8", "Linear", {int8Slot("weight", {2}, {1, 2})}));
    network.layers.back().slots[0].quantizer->kind = QuantizerKind::Minifloat;
    network.layers.push_back(layerOf("missing", "Linear", {int8Slot("weight", {2}, {1, 2})}));
    auto broken = std::make_shared<TensorInfo>(*network.layers.back().slots[0].tensor);
    broken->problem = "weights.bin is missing";
    network.layers.back().slots[0].tensor = broken;
    network.layers.push_back(layerOf("halves", "Linear", {int8Slot("weight", {2}, {1, 2})}));
    network.layers.back().slots[0].quantizer->zeroPoint = perTensor(0.5f);
    network.layers.push_back(layerOf("scales", "Linear", {int8Slot("weight", {2}, {1, 2})}));
    network.layers.back().slots[0].quantizer->scale = Granular{{3}, 0, {1, 2, 3}};
    network.layers.push_back(layerOf("infinite", "Linear", {int8Slot("weight", {2}, {1, 2}, INFINITY)}));

    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.filePath("out"), {layer.toStdString()}, layout.toStdString());
    request.formats = {format.toStdString()};
    const auto report = exportLayers(network, request);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Usage);
    QVERIFY2(QString::fromStdString(report.error().message).contains(reason), report.error().message.c_str());
    QVERIFY(!previewExport(network, request, 10).has_value());
    QVERIFY(names(folder.path()).isEmpty());
    if (layer == "empty") // refused by name, also when nobody asked for it
        QVERIFY(!exportLayers(network, requestFor(folder.filePath("out"))).has_value());
}

void TestExport::nothingToExport()
{
    Network network;
    network.layers.push_back(layerOf("norm", "BatchNorm2d", {int8Slot("weight", {2}, {1, 2})}));
    network.layers.back().slots[0].quantizer.reset();
    QTemporaryDir folder;
    const auto report = exportLayers(network, requestFor(folder.filePath("out")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Usage);
    QCOMPARE(report.error().message,
        std::string("no layer has a quantized weight or bias to export: norm weight has no known quantizer; left out"));
}

void TestExport::refusedCodes_data()
{
    QTest::addColumn<QList<float>>("values");
    QTest::addColumn<int>("bits");
    QTest::addColumn<QString>("reason");
    QTest::newRow("not a number") << QList<float>{1, 2, NAN, 4} << 8
                                  << "bad_weight cannot be written: element 2 has the code nan";
    // Brevitas computes in float32, where the largest code of 32 bits is 2^31.
    QTest::newRow("2^31") << QList<float>{1, 1e20f, 0, 0} << 32
                          << "element 1 has the code 2147483648, which does not fit 32 bits signed";
}

void TestExport::refusedCodes()
{
    QFETCH(QList<float>, values);
    QFETCH(int, bits);
    QFETCH(QString, reason);
    for (const char *layout : {"source", "io"}) {
        QTemporaryDir folder;
        QVERIFY(exportLayers(threeLayers(), requestFor(folder.path())).has_value());
        const auto before = contents(folder.path());
        Network network = threeLayers();
        Quantizer quantizer = storedQuantizer(bits, true, 1);
        quantizer.rule = CodeRule::DivideAddRound;
        network.layers.push_back(layerOf("bad", "Linear",
            {storedSlot<float>(
                "weight", DType::Float32, {2, 2}, std::vector<float>(values.begin(), values.end()), quantizer)}));
        network.layers[0].slots[0]
            = int8Slot("weight", {2, 3, 1, 1}, {9, 9, 9, 9, 9, 9}); // would be written before the bad one
        const auto report = exportLayers(network, requestFor(folder.path(), {}, layout));
        QVERIFY(!report.has_value());
        QCOMPARE(report.error().kind, ErrorKind::Parse);
        QVERIFY2(QString::fromStdString(report.error().message).contains(reason), report.error().message.c_str());
        QCOMPARE(contents(folder.path()), before);
    }
}

void TestExport::slotsAreLeftOutWithANote()
{
    Network network = threeLayers();
    network.layers[1].slots[1].quantizer.reset();
    network.layers[2].slots[0].quantizer->kind = QuantizerKind::Minifloat;
    QTemporaryDir folder;
    const auto report = exportLayers(network, requestFor(folder.path()));
    QVERIFY(report.has_value());
    QCOMPARE(names(folder.path()), (QStringList{"block_0.h", "float_.h", "manifest.json", "quantscope_fixed.h"}));
    QVERIFY(contains(report->notes, "float bias has no known quantizer; left out"));
    QVERIFY(contains(report->notes, "fc weight holds minifloats"));
    QVERIFY(!readAll(folder.filePath("float_.h")).contains("float__bias"));
}

void TestExport::layoutFallsBackWithANote()
{
    QTemporaryDir folder;
    Network network = threeLayers();
    network.layers.push_back(layerOf("lstm", "LSTM", {int8Slot("weight", {1, 2, 2}, {1, 2, 3, 4})}));
    const auto report = exportLayers(network, requestFor(folder.path(), {}, "hwio"));
    QVERIFY(report.has_value());
    QVERIFY(contains(report->notes, "fc weight: layout hwio does not fit 2 axes of a Linear, written in source order"));
    QVERIFY(contains(report->notes, "lstm weight: layout hwio does not fit 3 axes of a LSTM"));
    QVERIFY(!contains(report->notes, "bias"));
    const Json files = golden(folder.filePath("manifest.json").toStdString())["files"];
    QCOMPARE(files[0]["layout"], Json("hwio"));
    QCOMPARE(files[2]["layout"], Json("source"));
}

void TestExport::previewIsTheBeginning_data()
{
    QTest::addColumn<QString>("layout");
    QTest::addColumn<int>("lines");
    for (const char *layout : {"source", "hwio", "ohwi", "io"})
        for (const int lines : {0, 1, 7, 45, 60, 1000})
            QTest::addRow("%s %d", layout, lines) << QString(layout) << lines;
}

void TestExport::previewIsTheBeginning()
{
    QFETCH(QString, layout);
    QFETCH(int, lines);
    std::vector<std::int8_t> codes(8 * 5 * 3 * 3);
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = static_cast<std::int8_t>(i * 37 % 251);
    Network network = threeLayers();
    network.layers[0].slots[0] = int8Slot("weight", {8, 5, 3, 3}, codes);
    QTemporaryDir folder;
    const ExportRequest request = requestFor(folder.path(), {}, layout.toStdString());
    const auto preview = previewExport(network, request, static_cast<std::size_t>(lines));
    QVERIFY(preview.has_value());
    QVERIFY(names(folder.path()).isEmpty());
    const auto report = exportLayers(network, request);
    QVERIFY(report.has_value());
    QCOMPARE(preview->size(), report->files.size());
    for (std::size_t i = 0; i < preview->size(); ++i) {
        const auto &[name, text] = (*preview)[i];
        QCOMPARE(name, report->files[i].name);
        if (name == "manifest.json")
            continue; // its hashes are not known before
        QByteArray expected;
        const QByteArrayList written = readAll(folder.filePath(QString::fromStdString(name))).split('\n');
        for (qsizetype k = 0; k < std::min<qsizetype>(lines, written.size() - 1); ++k)
            expected += written[k] + '\n';
        QCOMPARE(QByteArray::fromStdString(text), expected);
    }
}

void TestExport::previewReadsWhatItShows_data()
{
    QTest::addColumn<QString>("layout");
    for (const char *layout : {"source", "hwio", "ohwi"})
        QTest::newRow(layout) << QString(layout);
}

/// A layer of 100 million weights: the window asks again at every change.
void TestExport::previewReadsWhatItShows()
{
    QFETCH(QString, layout);
    SlotQuantizer slot = int8Slot("weight", {1, 1, 1, 1}, {0});
    auto tensor = std::make_shared<TensorInfo>();
    tensor->dtype = DType::Float32;
    tensor->shape = {4096, 2731, 3, 3};
    const auto source = std::make_shared<CountingZeros>(tensor->count() * 4);
    tensor->storage = {source, 0, source->size(), false, 0};
    slot.tensor = tensor;
    slot.quantizer->rule = CodeRule::DivideAddRound;
    const auto preview
        = previewExport(networkOf({layerOf("big", "Conv2d", {slot})}), requestFor({}, {}, layout.toStdString()), 80);
    QVERIFY(preview.has_value());
    QVERIFY((*preview)[0].second.find("    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,\n") != std::string::npos);
    QVERIFY2(source->bytesRead < (1u << 20), qPrintable(QString::number(source->bytesRead.load())));
}

void TestExport::failingDestinations()
{
    QTemporaryDir folder;
    QVERIFY(writeAll(folder.filePath("file"), "in the way"));
    auto report = exportLayers(threeLayers(), requestFor(folder.filePath("file")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    report = exportLayers(threeLayers(), requestFor(folder.filePath("file/below")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    QCOMPARE(names(folder.path()), QStringList{"file"});

    // A folder where the last file must go: the files before it stay as they are.
    QVERIFY(exportLayers(threeLayers(), requestFor(folder.filePath("out"))).has_value());
    QVERIFY(QFile::remove(folder.filePath("out/fc.h")) && QDir(folder.path()).mkdir("out/fc.h"));
    const auto before = contents(folder.filePath("out"));
    Network changed = threeLayers();
    changed.layers[0].slots[0] = int8Slot("weight", {2, 3, 1, 1}, {9, 9, 9, 9, 9, 9});
    report = exportLayers(changed, requestFor(folder.filePath("out")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    QCOMPARE(contents(folder.filePath("out")), before);
}

void TestExport::fullDiskKeepsTheOldFiles()
{
    QTemporaryDir folder;
    QVERIFY(exportLayers(threeLayers(), requestFor(folder.path())).has_value());
    const auto before = contents(folder.path());
    Network large = threeLayers();
    large.layers[2].slots[0] = int8Slot("weight", {1000, 1000}, std::vector<std::int8_t>(1000000, 100));
    rlimit old{}, small{};
    QCOMPARE(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 1 << 20; // writing beyond fails as on a full disk, with another errno
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    QCOMPARE(setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto report = exportLayers(large, requestFor(folder.path()));
    setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, handler);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    QVERIFY2(report.error().path.ends_with("fc.h"), report.error().text().c_str());
    QCOMPARE(contents(folder.path()), before);
}

void TestExport::cancellingLeavesNothing()
{
    QTemporaryDir folder;
    Network large = threeLayers();
    large.layers[2].slots[0] = int8Slot("weight", {1000, 1000}, std::vector<std::int8_t>(1000000, 100));
    std::uint64_t last = 0, total = 0;
    const Progress progress([&](std::uint64_t done, std::uint64_t of) {
        last = done;
        total = of;
        return done < 500000;
    });
    const auto report = exportLayers(large, requestFor(folder.filePath("new")), progress);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Cancelled);
    QVERIFY(names(folder.path()).isEmpty());
    QCOMPARE(total, 1000012u);
    QVERIFY(last >= 500000 && last < total);
}

QTEST_GUILESS_MAIN(TestExport)
#include "tst_export.moc"
