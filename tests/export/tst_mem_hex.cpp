#include "export/export_folder.h"
#include "export/proof/mem_hex_proof.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QTemporaryDir>

using namespace quantscope;
using namespace quantscope::test;
using Json = nlohmann::json;

namespace {

using Codes = QList<qint64>;

Network oneArray(const Codes &codes, int bits, bool isSigned)
{
    return networkOf({layerOf("fc", "Linear",
        {storedSlot<std::int64_t>("weight", DType::Int64, {1, codes.size()},
            std::vector<std::int64_t>(codes.begin(), codes.end()), storedQuantizer(bits, isSigned, 1))})});
}

ExportRequest memHexTo(const QString &folder, int pack = 1, const char *order = "lsb")
{
    ExportRequest request = requestFor(folder);
    request.formats = {"mem-hex"};
    request.packing = {pack, order};
    request.verify = true;
    return request;
}

} // namespace

class TestMemHex : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void words_data();
    void words();
    void layoutsAndManifest();
    void mutationsFail_data();
    void mutationsFail();
    void previewStopsEarly();
    void twoFormatsShareAManifest();
    void formatsAreOrderedByTheTable();
    void packingErrors_data();
    void packingErrors();
    void stepsAreTold();
};

void TestMemHex::words_data()
{
    QTest::addColumn<Codes>("codes");
    QTest::addColumn<int>("bits");
    QTest::addColumn<bool>("isSigned");
    QTest::addColumn<int>("pack");
    QTest::addColumn<QByteArray>("lsb");
    QTest::addColumn<QByteArray>("msb");
    const auto row = [](const char *name, const Codes &codes, int bits, bool isSigned, int pack, const char *lsb,
                         const char *msb) {
        QTest::newRow(name) << codes << bits << isSigned << pack << QByteArray(lsb) << QByteArray(msb);
    };
    row("two's complement", {-128, -1, 0, 127}, 8, true, 1, "80\nFF\n00\n7F\n", "80\nFF\n00\n7F\n");
    row("spare bits are zero", {-32, -1, 31}, 6, true, 1, "20\n3F\n1F\n", "20\n3F\n1F\n");
    row("unsigned", {0, 255, 128}, 8, false, 1, "00\nFF\n80\n", "00\nFF\n80\n");
    row("one bit", {1, 0}, 1, false, 1, "1\n0\n", "1\n0\n");
    row("the smallest of 32 bits", {INT32_MIN, 5}, 32, true, 1, "80000000\n00000005\n", "80000000\n00000005\n");
    row("the smallest of 64 bits", {INT64_MIN, -1}, 64, true, 1, "8000000000000000\nFFFFFFFFFFFFFFFF\n",
        "8000000000000000\nFFFFFFFFFFFFFFFF\n");
    row("four bytes", {1, 2, 3, -1}, 8, true, 4, "FF030201\n", "010203FF\n");
    row("the last word is filled with zeros", {-8, 7, 1, -1}, 4, true, 3, "178\n00F\n", "871\nF00\n");
    // 111 011 100 and 100 011 111: elements cross the digits
    row("elements across digits", {-4, 3, -1, 2}, 3, true, 3, "1DC\n002\n", "11F\n080\n");
    row("eight flags", {1, 0, 1, 1, 0, 0, 0, 1, 1}, 1, false, 8, "8D\n01\n", "B1\n80\n");
    row("a word of 65 bits", {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -16}, 5, true, 13, "10FFFFFFFFFFFFFFF\n",
        "1FFFFFFFFFFFFFFF0\n");
}

void TestMemHex::words()
{
    QFETCH(Codes, codes);
    QFETCH(int, bits);
    QFETCH(bool, isSigned);
    QFETCH(int, pack);
    for (const char *order : {"lsb", "msb"}) {
        QTemporaryDir folder;
        const auto report = exportLayers(oneArray(codes, bits, isSigned), memHexTo(folder.path(), pack, order));
        QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
        QCOMPARE(report->files.size(), 2u); // no helper
        QCOMPARE(report->files[0].verified, static_cast<std::uint64_t>(codes.size()));
        QCOMPARE(report->files[0].proof, std::string("reading back"));
        QTEST(readAll(folder.filePath("fc_weight.mem")), order);
    }
}

/// Every element of the tensor stands where the manifest's own fields say.
void TestMemHex::layoutsAndManifest()
{
    std::vector<std::int8_t> codes(4 * 3 * 2 * 2);
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = static_cast<std::int8_t>(i);
    QTemporaryDir folder;
    ExportRequest request = memHexTo(folder.path(), 4);
    request.layout = "ohwi";
    const auto report
        = exportLayers(networkOf({layerOf("conv", "Conv2d", {int8Slot("weight", {4, 3, 2, 2}, codes)})}), request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    const QByteArrayList lines = readAll(folder.filePath("conv_weight.mem")).split('\n');
    for (int o = 0; o < 4; ++o)
        for (int i = 0; i < 3; ++i)
            for (int h = 0; h < 2; ++h)
                for (int w = 0; w < 2; ++w) {
                    const int at = ((o * 2 + h) * 2 + w) * 3 + i;
                    const int digit = (3 - at % 4) * 2; // element 0 of a word has the lowest bits
                    QCOMPARE(lines[at / 4].mid(digit, 2).toInt(nullptr, 16), ((o * 3 + i) * 2 + h) * 2 + w);
                }
    const Json manifest = golden(folder.filePath("manifest.json").toStdString());
    QCOMPARE(manifest["files"],
        Json::parse(R"([{"path": "conv_weight.mem", "format": "mem-hex", "symbols": ["conv_weight"], "sha256": ")"
            + sha(readAll(folder.filePath("conv_weight.mem"))).toStdString()
            + R"(", "layout": "ohwi", "index": "((o*2+h)*2+w)*3+i", "dims": [4, 2, 2, 3], "element_bits": 8,
                 "elements_per_word": 4, "word_bits": 32, "first_element": "lsb", "words": 12,
                 "padding_elements": 0}])"));
    QCOMPARE(manifest["tensors"].size(), 1u);
}

void TestMemHex::mutationsFail_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("reason"); ///< empty: the proof succeeds
    const auto row = [](const char *name, const char *text, const char *reason) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(reason);
    };
    // Four elements of 3 bits, -4 3 -1 2, three in a word of 9 bits
    row("nothing", "1DC\n002\n", "");
    row("one bit", "1DC\n003\n", "fc_weight.mem, element 3 of the tensor: the file says 0x3, the model says 0x2");
    row("two elements swapped", "1E3\n002\n", "element 0 of the tensor: the file says 0x3, the model says 0x4");
    row("a spare bit", "9DC\n002\n", "line 1 has more than 9 bits");
    row("not zero behind the end", "1DC\n00A\n", "is not zero behind its last element");
    row("no digit", "1DC\n0x2\n", "line 2 is no word of 3 hexadecimal digits");
    row("a digit too many", "1DC\n0002\n", "has 9 bytes; 2 words of 3 digits need 8");
    row("a word is missing", "1DC\n", "has 4 bytes");
    row("a word too many", "1DC\n002\n000\n", "has 12 bytes");
    row("no line end", "1DC\n0020", "line 2 is no word");
}

void TestMemHex::mutationsFail()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, reason);
    QTemporaryDir folder;
    const Network network = oneArray({-4, 3, -1, 2}, 3, true);
    const auto plan = planExport(network, memHexTo(folder.path(), 3));
    QVERIFY(plan.has_value());
    const QString path = folder.filePath("written");
    QVERIFY(writeAll(path, text));
    const FileToProve file{&plan->files[0], path.toStdString()};
    std::vector<std::string> notes;
    const auto proof = proveMemHex({&file, 1}, {}, notes);
    if (reason.isEmpty()) {
        QVERIFY2(proof.has_value(), proof ? "" : proof.error().text().c_str());
        return;
    }
    QVERIFY2(!proof.has_value(), "the mutation was not caught");
    QCOMPARE(proof.error().kind, ErrorKind::Proof);
    QVERIFY2(QByteArray::fromStdString(proof.error().message).contains(reason), proof.error().message.c_str());
}

void TestMemHex::previewStopsEarly()
{
    const Codes codes(1000, -3);
    const auto preview = previewExport(oneArray(codes, 12, true), memHexTo({}, 3), 2);
    QVERIFY(preview.has_value());
    QCOMPARE(preview->size(), 2u);
    QCOMPARE((*preview)[0].first, std::string("fc_weight.mem"));
    QCOMPARE((*preview)[0].second, std::string("FFDFFDFFD\nFFDFFDFFD\n"));
}

/// Both formats of a layer, written together or one after the other, are one batch that lists each tensor once.
void TestMemHex::twoFormatsShareAManifest()
{
    QTemporaryDir together, headersFirst, memoryFirst;
    const auto write
        = [](const QTemporaryDir &folder, std::vector<std::string> formats, std::vector<std::string> layers) {
              ExportRequest request = requestFor(folder.path(), std::move(layers));
              request.formats = std::move(formats);
              return exportLayers(threeLayers(), request);
          };
    const auto report = write(together, {"mem-hex", "header", "mem-hex"}, {});
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QVERIFY(write(headersFirst, {"header"}, {}).has_value());
    QVERIFY(write(headersFirst, {"mem-hex"}, {"fc", "block.0"}).has_value());
    QVERIFY(write(headersFirst, {"mem-hex"}, {"float"}).has_value());
    QVERIFY(write(memoryFirst, {"mem-hex"}, {}).has_value());
    QVERIFY(write(memoryFirst, {"header"}, {}).has_value());
    QCOMPARE(contents(headersFirst.path()), contents(together.path()));
    QCOMPARE(contents(memoryFirst.path()), contents(together.path()));
    const Json manifest = golden(together.filePath("manifest.json").toStdString());
    QCOMPARE(manifest["tensors"].size(), 4u);
    QCOMPARE(manifest["renamed"].size(), 2u);
}

void TestMemHex::formatsAreOrderedByTheTable()
{
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.path(), {"float"});
    request.formats = {"mem-hex", "header"};
    request.verify = true;
    const auto report = exportLayers(threeLayers(), request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QStringList written;
    for (const ExportedFile &file : report->files) {
        written << QString::fromStdString(file.name);
        QCOMPARE(file.verified, file.elements);
    }
    QCOMPARE(written,
        (QStringList{"float_.h", "float__weight.mem", "float__bias.mem", "quantscope_fixed.h", "manifest.json"}));
    QVERIFY(report->files[0].proof.find("C99") != std::string::npos);
    QCOMPARE(report->files[1].proof, std::string("reading back"));
    request.formats.clear();
    const auto nothing = exportLayers(threeLayers(), request);
    QVERIFY(!nothing.has_value());
    QCOMPARE(nothing.error().text(), std::string("no format is chosen; there are header, mem-hex"));
}

void TestMemHex::packingErrors_data()
{
    QTest::addColumn<int>("pack");
    QTest::addColumn<QString>("order");
    QTest::addColumn<QString>("format");
    QTest::addColumn<QString>("reason");
    QTest::newRow("none") << 0 << "lsb"
                          << "mem-hex"
                          << "a word cannot hold 0 elements";
    QTest::newRow("too many") << 1025 << "lsb"
                              << "mem-hex"
                              << "take from 1 to 1024";
    QTest::newRow("order") << 2 << "mbs"
                           << "mem-hex"
                           << "did you mean \"msb\"";
    QTest::newRow("headers") << 2 << "lsb"
                             << "header"
                             << "no chosen format packs elements into words: header";
    QTest::newRow("order of headers") << 1 << "msb"
                                      << "header"
                                      << "no chosen format packs";
}

void TestMemHex::packingErrors()
{
    QFETCH(int, pack);
    QFETCH(QString, order);
    QFETCH(QString, format);
    QFETCH(QString, reason);
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.filePath("out"));
    request.formats = {format.toStdString()};
    request.packing = {pack, order.toStdString()};
    const auto report = exportLayers(threeLayers(), request);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Usage);
    QVERIFY2(QString::fromStdString(report.error().message).contains(reason), report.error().message.c_str());
    QVERIFY(names(folder.path()).isEmpty());
}

void TestMemHex::stepsAreTold()
{
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.path(), {"fc", "float"});
    request.formats = {"mem-hex"};
    request.verify = true;
    QStringList steps;
    const auto report = exportLayers(
        threeLayers(), request, {}, [&](const ExportStep &step) { steps << QString::fromStdString(stepText(step)); });
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(steps,
        (QStringList{"writing float__weight.mem, 1 of 3", "writing float__bias.mem, 2 of 3",
            "writing fc_weight.mem, 3 of 3", "reading back float__weight.mem, 1 of 3",
            "reading back float__bias.mem, 2 of 3", "reading back fc_weight.mem, 3 of 3"}));
    QCOMPARE(stepText({"compiling", "conv1.h", 2, 3, 64}), std::string("compiling conv1.h and 2 more, 3 of 64"));
    QCOMPARE(stepText({"compiling", "layer2.h", 0, 3, 64}), std::string("compiling layer2.h, 3 of 64"));
}

QTEST_GUILESS_MAIN(TestMemHex)
#include "tst_mem_hex.moc"
