#define QT_NO_KEYWORDS // Layer has a member that Qt would make a keyword
#include "hls/export.h"
#include "hls/export_plan.h"
#include "hls/manifest.h"

#include "hls/hand_made.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QCryptographicHash>
#include <QTemporaryDir>

#include <atomic>
#include <cmath>
#include <csignal>
#include <sys/resource.h>

using namespace quantscope;
using namespace quantscope::test;

namespace {

using Json = nlohmann::json;

SlotQuantizer int8Slot(const std::string &slot, Shape shape, const std::vector<std::int8_t> &values, float scale = 0x1p-7f)
{
    return storedSlot<std::int8_t>(slot, DType::Int8, std::move(shape), values, storedQuantizer(8, true, scale));
}

/// Three layers with a path, a reserved word and a plain name; every code is 10 * layer + place.
Network threeLayers()
{
    return networkOf({layerOf("block.0", "Conv2d", {int8Slot("weight", {2, 3, 1, 1}, {0, 1, 2, 3, 4, 5})}),
                      layerOf("float", "Linear", {int8Slot("weight", {2, 2}, {10, 11, 12, 13}), int8Slot("bias", {2}, {14, 15}, 0x1p-13f)}),
                      layerOf("fc", "Linear", {int8Slot("weight", {2, 2}, {20, 21, 22, 23}, 0.1f)})});
}

ExportRequest requestFor(const QString &folder, std::vector<std::string> layers = {}, const std::string &layout = "source")
{
    ExportRequest request;
    request.layers = std::move(layers);
    request.formats = {"header"};
    request.layout = layout;
    request.folder = folder.toStdString();
    return request;
}

QByteArray readAll(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

bool writeAll(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
}

QByteArray sha(const QByteArray &bytes) { return QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex(); }

QStringList names(const QString &folder) { return QDir(folder).entryList(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot, QDir::Name); }

/// Names and contents of a folder: what must not change when an export fails.
QMap<QString, QByteArray> contents(const QString &folder)
{
    QMap<QString, QByteArray> out;
    for (const QString &name : names(folder))
        out[name] = readAll(folder + "/" + name);
    return out;
}

bool contains(const std::vector<std::string> &notes, const char *part)
{
    return std::any_of(notes.begin(), notes.end(), [&](const std::string &note) { return note.find(part) != std::string::npos; });
}

/// Zeros without memory; counts what is read of them.
class CountingZeros final : public ByteSource {
public:
    explicit CountingZeros(std::uint64_t size) : m_size(size) {}
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
    void manifestNamesWhatIsThere();
    void manifestGrowsWithEveryExport();
    void manifestDropsWhatChanged();
    void earlierManifests_data();
    void earlierManifests();
    void sourceIsNamedAndHashed();
    void usageErrors_data();
    void usageErrors();
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

void TestExport::manifestNamesWhatIsThere()
{
    QTemporaryDir folder;
    const auto report = exportLayers(threeLayers(), requestFor(folder.path(), {}, "ohwi"));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(names(folder.path()), (QStringList{"block_0.h", "fc.h", "float_.h", "manifest.json", "quantscope_fixed.h"}));

    const Json manifest = golden(folder.filePath("manifest.json").toStdString());
    QCOMPARE(manifest["schema"], Json(1));
    QCOMPARE(manifest["files"].size(), 4u);
    for (const Json &file : manifest["files"])
        QCOMPARE(file["sha256"].get<std::string>(), sha(readAll(folder.filePath(QString::fromStdString(file["path"])))).toStdString());
    const Json block = manifest["files"][0];
    QCOMPARE(block["path"], Json("block_0.h"));
    QCOMPARE(block["symbols"], Json({"block_0_weight"}));
    QCOMPARE(block["layout"], Json("ohwi"));
    QCOMPARE(block["index"], Json("((o*1+h)*1+w)*3+i"));
    QCOMPARE(block["dims"], Json({2, 1, 1, 3}));
    QCOMPARE(block["element_bits"], Json(8));
    QCOMPARE(block["words"], Json(6));
    QCOMPARE(manifest["files"][1]["symbols"], Json({"float__weight", "float__bias"}));
    QCOMPARE(manifest["files"][1]["arrays"][1]["words"], Json(2));

    const Json tensors = manifest["tensors"];
    QCOMPARE(tensors.size(), 4u);
    QCOMPARE(tensors[0]["layer"], Json("block.0"));
    QCOMPARE(tensors[0]["symbol"], Json("block_0_weight"));
    QCOMPARE(tensors[0]["shape"], Json({2, 3, 1, 1}));
    QCOMPARE(tensors[0]["frac_bits"], Json(7));
    QCOMPARE(tensors[0]["scale"]["values"], Json({"0x1p-7"}));
    const std::vector<std::int32_t> codes = {20, 21, 22, 23};
    const QByteArray bytes(reinterpret_cast<const char *>(codes.data()), 16);
    QCOMPARE(tensors[3]["codes_sha256_i32"].get<std::string>(), sha(bytes).toStdString());
    QVERIFY(tensors[3]["frac_bits"].is_null());
    QCOMPARE(manifest["renamed"], Json::parse(R"([{"layer":"block.0","identifier":"block_0"},{"layer":"float","identifier":"float_"}])"));
    QVERIFY(contains(report->notes, "'float' is written as float_"));
    QVERIFY(!contains(report->notes, "block.0"));
}

/// However the folder came to be, its manifest is that of one export of everything.
void TestExport::manifestGrowsWithEveryExport()
{
    QTemporaryDir once, thrice;
    QVERIFY(exportLayers(threeLayers(), requestFor(once.path())).has_value());
    for (const char *layer : {"fc", "block.0", "float", "block.0"})
        QVERIFY(exportLayers(threeLayers(), requestFor(thrice.path(), {layer})).has_value());
    QCOMPARE(contents(thrice.path()), contents(once.path()));
}

void TestExport::manifestDropsWhatChanged()
{
    QTemporaryDir folder;
    QVERIFY(exportLayers(threeLayers(), requestFor(folder.path())).has_value());
    QVERIFY(QFile::remove(folder.filePath("block_0.h")));
    QVERIFY(writeAll(folder.filePath("float_.h"), "/* mine now */\n"));
    const auto report = exportLayers(threeLayers(), requestFor(folder.path(), {"fc"}));
    QVERIFY(report.has_value());
    QVERIFY(contains(report->notes, "block_0.h") && contains(report->notes, "float_.h"));
    const Json manifest = golden(folder.filePath("manifest.json").toStdString());
    QCOMPARE(manifest["tensors"].size(), 1u);
    QCOMPARE(manifest["files"].size(), 2u);
    QCOMPARE(manifest["renamed"].size(), 0u);
    QCOMPARE(readAll(folder.filePath("float_.h")), QByteArray("/* mine now */\n"));
}

void TestExport::earlierManifests_data()
{
    QTest::addColumn<QByteArray>("earlier");
    QTest::addColumn<bool>("noted");
    QTest::newRow("none") << QByteArray() << false;
    QTest::newRow("not JSON") << QByteArray("{\"schema\": 1, ") << true;
    QTest::newRow("another program's") << QByteArray(R"({"name": "app", "icons": []})") << true;
    QTest::newRow("wrong types") << QByteArray(R"({"schema": 1, "source": 3, "tensors": [1], "files": {}})") << true;
    QTest::newRow("deeply nested") << QByteArray(100000, '[') << true;
    QTest::newRow("another source") << QByteArray(R"({"schema": 1, "source": {"file": "x.pt"}, "tensors": [], "files": []})") << true;
    QTest::newRow("outside the folder")
        << QByteArray(R"({"schema": 1, "source": {"file": null, "sha256": null, "recipe_sha256": null}, "tensors": [],
                          "files": [{"path": "../../etc/passwd", "sha256": ""}, {"path": 7}, {}]})")
        << true;
}

void TestExport::earlierManifests()
{
    QFETCH(QByteArray, earlier);
    QFETCH(bool, noted);
    QTemporaryDir clean, folder;
    QVERIFY(exportLayers(threeLayers(), requestFor(clean.path())).has_value());
    if (!earlier.isEmpty())
        QVERIFY(writeAll(folder.filePath("manifest.json"), earlier));
    const auto report = exportLayers(threeLayers(), requestFor(folder.path()));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(contains(report->notes, "manifest"), noted);
    QCOMPARE(contents(folder.path()), contents(clean.path()));
}

void TestExport::sourceIsNamedAndHashed()
{
    QTemporaryDir folder;
    QVERIFY(writeAll(folder.filePath("model.pt"), "some bytes"));
    Network network = threeLayers();
    auto file = std::make_shared<ModelFile>();
    file->path = folder.filePath("model.pt").toStdString();
    file->bytes = 10;
    network.file = file;
    network.recipe.sha256 = "abc";
    QVERIFY(exportLayers(network, requestFor(folder.filePath("out"))).has_value());
    const Json source = golden(folder.filePath("out/manifest.json").toStdString())["source"];
    QCOMPARE(source["file"], Json("model.pt"));
    QCOMPARE(source["sha256"].get<std::string>(), sha("some bytes").toStdString());
    QCOMPARE(source["recipe_sha256"], Json("abc"));
    const QByteArray header = readAll(folder.filePath("out/fc.h"));
    QVERIFY(header.contains("model.pt\n") && header.contains(sha("some bytes")) && !header.contains(folder.path().toUtf8()));

    // The file was replaced by another one since it was opened.
    QVERIFY(writeAll(folder.filePath("model.pt"), "other, longer bytes"));
    const auto report = exportLayers(network, requestFor(folder.filePath("out")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    QCOMPARE(readAll(folder.filePath("out/fc.h")), header);
}

void TestExport::usageErrors_data()
{
    QTest::addColumn<QString>("layer");
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("layout");
    QTest::addColumn<QString>("reason");
    QTest::newRow("layer") << "flaot" << "header" << "source" << "did you mean 'float'";
    QTest::newRow("format") << "float" << "haeder" << "source" << "did you mean 'header'";
    QTest::newRow("layout") << "float" << "header" << "ohw" << "did you mean 'ohwi'";
    QTest::newRow("no weights") << "relu" << "header" << "source" << "'relu' has no weight and no bias";
    QTest::newRow("no quantizer") << "norm" << "header" << "source" << "norm weight has no known quantizer";
    QTest::newRow("empty") << "empty" << "header" << "source" << "the weight of layer 'empty' is empty (0";
    QTest::newRow("minifloat") << "fp8" << "header" << "source" << "no integer codes";
    QTest::newRow("unreadable") << "missing" << "header" << "source" << "weights.bin is missing";
    QTest::newRow("zero point") << "halves" << "header" << "source" << "its zero point 0.5 is no int8_t";
    QTest::newRow("scales") << "scales" << "header" << "source" << "its 3 scales do not fit";
    QTest::newRow("infinite scale") << "infinite" << "header" << "source" << "its scale 0 is not finite";
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

void TestExport::refusedCodes_data()
{
    QTest::addColumn<QList<float>>("values");
    QTest::addColumn<int>("bits");
    QTest::addColumn<QString>("reason");
    QTest::newRow("not a number") << QList<float>{1, 2, NAN, 4} << 8 << "bad_weight cannot be written: element 2 has the code nan";
    // Brevitas computes in float32, where the largest code of 32 bits is 2^31.
    QTest::newRow("2^31") << QList<float>{1, 1e20f, 0, 0} << 32 << "element 1 has the code 2147483648, which does not fit 32 bits signed";
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
        network.layers.push_back(
            layerOf("bad", "Linear", {storedSlot<float>("weight", DType::Float32, {2, 2}, std::vector<float>(values.begin(), values.end()), quantizer)}));
        network.layers[0].slots[0] = int8Slot("weight", {2, 3, 1, 1}, {9, 9, 9, 9, 9, 9}); // would be written before the bad one
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
    const auto preview = previewExport(networkOf({layerOf("big", "Conv2d", {slot})}), requestFor({}, {}, layout.toStdString()), 80);
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
