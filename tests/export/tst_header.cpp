#include "export/export.h"

#include "export/hand_made.h"
#include "support/onnx_network.h"
#include "support/paths.h"
#include "support/slot_text.h"

#include <QProcess>
#include <QTemporaryDir>

using namespace quantscope;
using namespace quantscope::test;

namespace {

/// A Conv1d with a power-of-two scale and a bias with a scale for each channel; every number of the golden text
/// follows.
Network smallNetwork()
{
    Quantizer weight = storedQuantizer(8, true, 0x1p-7f);
    weight.origin["bit_width"] = {Origin::Preset, "Int8WeightPerTensorFixedPoint"};
    Quantizer bias = storedQuantizer(0, true, 0);
    bias.bitWidth.reset();
    bias.storageBits = 32;
    bias.scale = Granular{{2}, 0, {0.1f, 0x1.8p-140f}};
    bias.zeroPoint = Granular{{2}, 0, {0, -3}};
    return networkOf({layerOf("block.0", "Conv1d",
        {storedSlot<std::int8_t>("weight", DType::Int8, {2, 3, 3},
             {-128, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 127}, weight),
            storedSlot<std::int32_t>("bias", DType::Int32, {2}, {INT32_MIN, 5}, bias)})});
}

constexpr const char *kGolden
    = R"(/* block_0.h: the quantized parameters of layer block.0 (Conv1d), written by QuantScope.
 *
 *   source      not known
 *   sha256      not known
 *
 * block_0_weight: 18 integers of 8 bits, signed, affine
 *   tensor      t.weight
 *   shape       2x3x3 [o][i][w]
 *   layout      ohwi: 2x3x3 [o][w][i]
 *   element     [o][w][i] is block_0_weight_raw[(o*3+w)*3+i]
 *   value       raw * 2^-7, the type ap_fixed<8,1>
 *   scale       0x1p-7 (read: s)
 *   zero_point  0
 *   bit_width   8 (preset: Int8WeightPerTensorFixedPoint)
 *   signed      yes
 *   narrow      no
 *   rounding    not known: the file holds the codes
 *
 * block_0_bias: 2 integers of 32 bits, signed, affine
 *   tensor      t.bias
 *   shape       2 [o]
 *   layout      source: 2 [o]
 *   element     [o] is block_0_bias_raw[o]
 *   value       (raw - block_0_bias_zero_point[c]) * block_0_bias_scale[c], c = o
 *   scales      2 along exported axis 0
 *   scale       2 values (read: s)
 *   zero_point  2 values
 *   bit_width   not known, 32 in the file
 *   signed      yes
 *   narrow      no
 *   rounding    not known: the file holds the codes
 */
#ifndef QUANTSCOPE_BLOCK_0_H
#define QUANTSCOPE_BLOCK_0_H

#include <stdint.h>

#ifndef QUANTSCOPE_UNUSED
#ifdef __clang__
#define QUANTSCOPE_UNUSED __attribute__((unused))
#else
#define QUANTSCOPE_UNUSED
#endif
#endif

#define block_0_weight_COUNT 18
#define block_0_weight_W 8
#define block_0_weight_I 1
#define block_0_weight_F 7
#define block_0_weight_SIGNED 1
#define block_0_weight_DIM0 2
#define block_0_weight_DIM1 3
#define block_0_weight_DIM2 3

static const int8_t block_0_weight_raw[block_0_weight_COUNT] QUANTSCOPE_UNUSED = {
    -128, 3, 6, 1, 4, 7, 2, 5, 8, 9, 12, 15, 10, 13, 16, 11,
    14, 127
};
typedef char block_0_weight_raw_check[sizeof(block_0_weight_raw) == block_0_weight_COUNT * sizeof(block_0_weight_raw[0]) ? 1 : -1];

#define block_0_bias_COUNT 2
#define block_0_bias_W 32
#define block_0_bias_SIGNED 1
#define block_0_bias_DIM0 2
#define block_0_bias_SCALE_AXIS 0

static const float block_0_bias_scale[2] QUANTSCOPE_UNUSED = {
    1.00000001e-01f, /* 0x1.99999ap-4 */
    1.07619722e-42f /* 0x1.8p-140 */
};
static const int32_t block_0_bias_zero_point[2] QUANTSCOPE_UNUSED = {
    0, -3
};
typedef char block_0_bias_scale_check[sizeof(block_0_bias_scale) == 2 * sizeof(block_0_bias_scale[0]) ? 1 : -1];
typedef char block_0_bias_zero_point_check[sizeof(block_0_bias_zero_point) == 2 * sizeof(block_0_bias_zero_point[0]) ? 1 : -1];

static const int32_t block_0_bias_raw[block_0_bias_COUNT] QUANTSCOPE_UNUSED = {
    (-2147483647-1), 5
};
typedef char block_0_bias_raw_check[sizeof(block_0_bias_raw) == block_0_bias_COUNT * sizeof(block_0_bias_raw[0]) ? 1 : -1];

#endif /* QUANTSCOPE_BLOCK_0_H */

/* Fixed-point view: define QUANTSCOPE_AP (ap_fixed), QUANTSCOPE_AC (ac_fixed) or QUANTSCOPE_SC (sc_fixed) and
 * include that library first. It has its own guard, so that a later inclusion with the macro still gets it. */
#if defined(__cplusplus) && (defined(QUANTSCOPE_AP) || defined(QUANTSCOPE_AC) || defined(QUANTSCOPE_SC))
#ifndef QUANTSCOPE_BLOCK_0_H_FIXED_VIEW
#define QUANTSCOPE_BLOCK_0_H_FIXED_VIEW
#include "quantscope_fixed.h"
typedef QUANTSCOPE_FIXED(8, 1, true) block_0_weight_t;
static inline block_0_weight_t block_0_weight(unsigned i) { return quantscope_from_raw<block_0_weight_t, 8>(block_0_weight_raw[i]); }
#endif
#endif
)";

ExportRequest requestFor(const QTemporaryDir &folder, const std::string &layout)
{
    ExportRequest request;
    request.formats = {"header"};
    request.layout = layout;
    request.folder = folder.path().toStdString();
    return request;
}

QByteArray readAll(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("not there");
}

} // namespace

class TestHeader : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void goldenText();
    void exportIsReproducible();
    void hostileNamesStayInComments();
    void blocksAreCompiledAndComputed();
    void compilesWithoutWarning_data();
    void compilesWithoutWarning();
};

void TestHeader::goldenText()
{
    QTemporaryDir folder;
    QVERIFY(exportLayers(smallNetwork(), requestFor(folder, "ohwi")).has_value());
    const QStringList text = QString::fromUtf8(readAll(folder.filePath("block_0.h"))).split('\n');
    const QStringList expected = QString::fromUtf8(kGolden).split('\n');
    for (qsizetype i = 0; i < std::min(text.size(), expected.size()); ++i)
        QCOMPARE(text[i], expected[i]);
    QCOMPARE(text.size(), expected.size());
}

void TestHeader::exportIsReproducible()
{
    QTemporaryDir first, second;
    QVERIFY(exportLayers(smallNetwork(), requestFor(first, "hwio")).has_value());
    QVERIFY(exportLayers(smallNetwork(), requestFor(second, "hwio")).has_value());
    for (const char *name : {"block_0.h", "quantscope_fixed.h", "manifest.json"})
        QCOMPARE(readAll(first.filePath(name)), readAll(second.filePath(name)));
}

/// Names come from files: one that ends the comment would put its text into the person's program.
void TestHeader::hostileNamesStayInComments()
{
    Network network = smallNetwork();
    Layer &layer = network.layers[0];
    layer.name = "evil*/ int oops; /*\\\n?"
                 "?/\n#error";
    layer.kind = "*/ #error \xFF";
    layer.slots[0].tensorName = "*/\n#error";
    layer.slots[0].quantizer->origin["scale"].detail = "*/ \\\n#error /* ?"
                                                       "?/";
    layer.slots[0].preset = "*/\n#error";
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder, "source");
    request.verify = true;
    const auto report = exportLayers(network, request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(report->files[0].verified, 20u);
}

/// A C program with the index that the header gives finds the values of packed blocks whose last ones are cut short.
void TestHeader::blocksAreCompiledAndComputed()
{
    if (QStandardPaths::findExecutable("gcc").isEmpty())
        QSKIP("gcc is not installed");
    const Network network = recoverOnnxFile(data("onnx/ms_matmulnbits.onnx"));
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder, "source");
    request.layers = {"nb0"};
    const auto report = exportLayers(network, request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QVERIFY(readAll(folder.filePath("nb0.h")).contains("c = o*3+i/16"));
    QFile source(folder.filePath("user.c"));
    QVERIFY(source.open(QIODevice::WriteOnly));
    source.write("#include \"nb0.h\"\n#include <stdio.h>\nint main(void) {\n"
                 "    for (int o = 0; o < nb0_weight_DIM0; ++o)\n"
                 "        for (int i = 0; i < nb0_weight_DIM1; ++i) {\n"
                 "            int c = o*3+i/nb0_weight_SCALE_BLOCK;\n"
                 "            float code = (float)(nb0_weight_raw[o*40+i] - nb0_weight_zero_point[c]);\n"
                 "            printf(\"%a\\n\", (double)(code * nb0_weight_scale[c]));\n"
                 "        }\n    return 0;\n}\n");
    source.close();
    QProcess process;
    process.start("gcc", {"-std=c99", "-o", folder.filePath("user"), source.fileName()});
    QVERIFY(process.waitForFinished(60000));
    QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
    process.start(folder.filePath("user"), {});
    QVERIFY(process.waitForFinished(60000));
    std::vector<float> values;
    for (const QByteArray &line : process.readAllStandardOutput().trimmed().split('\n'))
        values.push_back(std::strtof(line.constData(), nullptr));
    QCOMPARE(values, valuesOf(*network.layer("nb0")->slot("weight")));
}

void TestHeader::compilesWithoutWarning_data()
{
    QTest::addColumn<QStringList>("compiler");
    QTest::addColumn<bool>("used");
    QTest::addColumn<bool>("included");
    for (const char *c : {"gcc", "clang"})
        for (const bool used : {false, true})
            QTest::addRow("%s c99 used=%d", c, used) << QStringList{c, "-x", "c", "-std=c99"} << used << true;
    for (const char *c : {"g++", "clang++"})
        for (const char *standard : {"c++11", "c++14", "c++17", "c++20"})
            for (const bool used : {false, true})
                QTest::addRow("%s %s used=%d", c, standard, used)
                    << QStringList{c, "-x", "c++", QString("-std=%1").arg(standard)} << used << true;
    QTest::newRow("gcc, the header itself") << QStringList{"gcc", "-x", "c", "-std=c99"} << false << false;
    QTest::newRow("clang, the header itself") << QStringList{"clang", "-x", "c", "-std=c99"} << false << false;
    QTest::newRow("gcc, unused constants in headers too")
        << QStringList{"gcc", "-x", "c", "-std=c99", "-Wunused-const-variable=2"} << false << true;
}

void TestHeader::compilesWithoutWarning()
{
    QFETCH(QStringList, compiler);
    QFETCH(bool, used);
    QFETCH(bool, included);
    if (QStandardPaths::findExecutable(compiler[0]).isEmpty())
        QSKIP("this compiler is not installed");
    QTemporaryDir folder;
    QVERIFY(exportLayers(smallNetwork(), requestFor(folder, "hwio")).has_value());
    QFile source(folder.filePath("user.txt"));
    QVERIFY(source.open(QIODevice::WriteOnly));
    source.write("#include \"block_0.h\"\n#include \"block_0.h\"\n#if block_0_weight_F != 7\n#error\n#endif\nint "
                 "main(void)\n{\n");
    source.write(used
            ? "    return (int)(block_0_bias_scale[1] * (float)(block_0_bias_raw[1] - block_0_bias_zero_point[1]))\n"
              "        + block_0_weight_raw[block_0_weight_COUNT - 1] - 127;\n}\n"
            : "    return 0;\n}\n");
    source.close();
    QStringList arguments = compiler.mid(1);
    arguments << "-Wall"
              << "-Wextra"
              << "-Wconversion"
              << "-pedantic"
              << "-Werror"
              << "-fsyntax-only" << (included ? source.fileName() : folder.filePath("block_0.h"));
    QProcess process;
    process.start(compiler[0], arguments);
    QVERIFY(process.waitForFinished(60000));
    QVERIFY2(process.exitCode() == 0, process.readAllStandardError().constData());
}

QTEST_GUILESS_MAIN(TestHeader)
#include "tst_header.moc"
