#include "export/export.h"
#include "export/proof/header_proof.h"

#include "export/hand_made.h"
#include "support/paths.h"

#include <QTemporaryDir>

#include <cmath>

using namespace quantscope;
using namespace quantscope::test;

namespace {

Granular along(Shape shape, int axis, std::vector<float> values) { return {std::move(shape), axis, std::move(values)}; }

template <class T> std::vector<T> ramp(std::size_t count, std::int64_t first, std::int64_t step)
{
    std::vector<T> out(count);
    for (std::size_t i = 0; i < count; ++i)
        out[i] = static_cast<T>(first + static_cast<std::int64_t>(i) * step);
    return out;
}

/// Conv2d [3][2][2][2] as ap_fixed<8,1>, with a bias of float scales and zero points.
Network convNetwork()
{
    Quantizer bias = storedQuantizer(16, true, 0);
    bias.scale = along({3}, 0, {0.1f, 0.3f, 0.7f});
    bias.zeroPoint = along({3}, 0, {1, -2, 3});
    return networkOf({layerOf("conv", "Conv2d",
        {storedSlot<std::int8_t>(
             "weight", DType::Int8, {3, 2, 2, 2}, ramp<std::int8_t>(24, -11, 1), storedQuantizer(8, true, 0x1p-7f)),
            storedSlot<std::int16_t>("bias", DType::Int16, {3}, {-300, 2, 301}, bias)})});
}

Layer oneSlot(const std::string &name, SlotQuantizer slot) { return layerOf(name, "Conv2d", {std::move(slot)}); }

/// Every kind of array that a header can hold, as one network.
Network everything()
{
    std::vector<Layer> layers = convNetwork().layers;
    const auto add
        = [&](const std::string &name, SlotQuantizer slot) { layers.push_back(oneSlot(name, std::move(slot))); };
    add("unsigned8",
        storedSlot<std::uint8_t>(
            "weight", DType::UInt8, {4, 2}, {0, 1, 127, 128, 200, 254, 255, 3}, storedQuantizer(8, false, 0.25f)));
    add("int4",
        storedSlot<std::int8_t>(
            "weight", DType::Int8, {2, 2, 3}, ramp<std::int8_t>(12, -8, 1), storedQuantizer(4, true, 0x1p-5f)));
    add("one_bit_signed", storedSlot<std::int8_t>("weight", DType::Int8, {3}, {0, -1, 0}, storedQuantizer(1, true, 1)));
    add("one_bit_unsigned",
        storedSlot<std::uint8_t>("weight", DType::UInt8, {3}, {0, 1, 0}, storedQuantizer(1, false, 0.5f)));
    add("small_scale",
        storedSlot<std::int8_t>("weight", DType::Int8, {3}, {-128, 1, 127}, storedQuantizer(8, true, 0x1p-40f)));
    add("large_scale",
        storedSlot<std::int8_t>("weight", DType::Int8, {3}, {-128, 1, 127}, storedQuantizer(8, true, 0x1p12f)));
    add("denormal_scale",
        storedSlot<std::int8_t>("weight", DType::Int8, {3}, {-128, 1, 127}, storedQuantizer(8, true, 0x1p-149f)));
    add("int16",
        storedSlot<std::int16_t>(
            "weight", DType::Int16, {3}, {INT16_MIN, -1, INT16_MAX}, storedQuantizer(16, true, 0x1p-13f)));
    add("uint16",
        storedSlot<std::uint16_t>("weight", DType::UInt16, {2}, {0, UINT16_MAX}, storedQuantizer(16, false, 0x1p-13f)));
    add("int32",
        storedSlot<std::int32_t>(
            "weight", DType::Int32, {3}, {INT32_MIN, -1, INT32_MAX}, storedQuantizer(32, true, 0x1p-20f)));
    add("uint32",
        storedSlot<std::uint32_t>("weight", DType::UInt32, {2}, {0, UINT32_MAX}, storedQuantizer(32, false, 0x1p-20f)));
    add("int40",
        storedSlot<std::int64_t>(
            "weight", DType::Int64, {3}, {-(1ll << 39), 5, (1ll << 39) - 1}, storedQuantizer(40, true, 0x1p-20f)));
    add("int64",
        storedSlot<std::int64_t>("weight", DType::Int64, {4}, {INT64_MIN, INT64_MIN + 1, -1, INT64_MAX},
            storedQuantizer(64, true, 0x1p-20f)));
    add("int62",
        storedSlot<std::int64_t>(
            "weight", DType::Int64, {2}, {-(1ll << 61), (1ll << 61) - 1}, storedQuantizer(62, true, 0x1p-20f)));
    add("smallest_zero_point",
        storedSlot<std::int32_t>(
            "weight", DType::Int32, {2}, {INT32_MIN, 0}, storedQuantizer(32, true, 0.1f, -0x1p31f)));
    add("scalar", storedSlot<std::int8_t>("weight", DType::Int8, {}, {7}, storedQuantizer(8, true, 0.5f)));
    add("zero_point",
        storedSlot<std::uint8_t>(
            "weight", DType::UInt8, {2, 2}, {0, 128, 200, 255}, storedQuantizer(8, false, 0.0123f, 128)));
    add("float_scale",
        storedSlot<std::int8_t>("weight", DType::Int8, {2, 2}, {-127, 0, 1, 127}, storedQuantizer(8, true, 0.0123f)));

    Quantizer binary = storedQuantizer(1, true, 0.125f);
    binary.kind = QuantizerKind::Binary;
    binary.rule = CodeRule::Threshold;
    add("binary", storedSlot<float>("weight", DType::Float32, {2, 3}, {-0.5f, 0, 0.5f, -0.0f, 1e-9f, -3}, binary));
    Quantizer rounded = storedQuantizer(4, true, 0.25f);
    rounded.rule = CodeRule::DivideAddRound;
    add("from_floats", storedSlot<float>("weight", DType::Float32, {2, 2}, {0.125f, 0.375f, -100, 100}, rounded));

    Quantizer transposed = storedQuantizer(8, true, 0);
    transposed.scale = along({1, 3, 1, 1}, 1, {0.1f, 0.2f, 0.3f});
    layers.push_back(layerOf("transposed", "ConvTranspose2d",
        {storedSlot<std::int8_t>("weight", DType::Int8, {2, 3, 2, 1}, ramp<std::int8_t>(12, -6, 1), transposed)}));
    layers.back().slots[0].channelAxis = 1;
    Quantizer blocked = storedQuantizer(4, true, 0);
    blocked.scale = along({2, 3}, 1, {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f});
    blocked.zeroPoint = along({2, 3}, 1, {0, 1, 2, 3, 4, 5});
    blocked.blockSize = 2;
    layers.push_back(layerOf("blocked", "Linear",
        {storedSlot<std::int8_t>("weight", DType::Int8, {2, 5}, ramp<std::int8_t>(10, -5, 1), blocked)}));
    return networkOf(std::move(layers));
}

ExportRequest requestFor(const QString &folder, const std::string &layout)
{
    ExportRequest request;
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

bool replaceFile(const QString &path, const QByteArray &bytes)
{
    QFile file(path);
    return file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(bytes) == bytes.size();
}

bool systemCIsHere() { return QFile::exists("/usr/include/systemc.h"); }

/// Sets a variable of the environment for one scope.
class Environment {
public:
    Environment(const char *name, const QByteArray &value)
        : m_name(name)
        , m_old(qgetenv(name))
        , m_was(qEnvironmentVariableIsSet(name))
    {
        qputenv(name, value);
    }
    ~Environment() { m_was ? void(qputenv(m_name, m_old)) : void(qunsetenv(m_name)); }

private:
    const char *m_name;
    QByteArray m_old;
    bool m_was;
};

} // namespace

class TestProof : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void everyKindOfArrayIsProven_data();
    void everyKindOfArrayIsProven();
    void mutationsFail_data();
    void mutationsFail();
    void compilerOfTheEnvironment();
    void withoutACompilerNothingIsLeft();
    void withoutATemporaryFolderNothingIsLeft();
};

void TestProof::everyKindOfArrayIsProven_data()
{
    QTest::addColumn<QString>("layout");
    for (const std::string_view layout : layoutNames())
        QTest::newRow(std::string(layout).c_str())
            << QString::fromLatin1(layout.data(), static_cast<qsizetype>(layout.size()));
}

void TestProof::everyKindOfArrayIsProven()
{
    QFETCH(QString, layout);
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.path(), layout.toStdString());
    request.verify = true;
    const Network network = everything();
    QStringList steps, wanted;
    const auto report = exportLayers(
        network, request, {}, [&](const ExportStep &step) { steps << QString::fromStdString(stepText(step)); });
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(report->files.size(), network.layers.size() + 2);
    const std::size_t headers = network.layers.size();
    const auto name = [&](std::size_t at) { return QString::fromStdString(report->files[at].name); };
    for (std::size_t i = 0; i < headers; ++i)
        wanted << QString("writing %1, %2 of %3").arg(name(i)).arg(i + 1).arg(headers);
    const QString compiling = QString("compiling %1 and %2 more, %3 of %3").arg(name(0)).arg(headers - 1).arg(headers);
    wanted << compiling;
    for (std::size_t i = 0; i < headers; ++i)
        wanted << QString("comparing %1, %2 of %3").arg(name(i)).arg(i + 1).arg(headers);
    wanted << compiling; // as C++ and for SystemC
    QCOMPARE(steps, wanted);
    for (const ExportedFile &file : report->files) {
        QCOMPARE(file.verified, file.elements);
        if (file.format == "header")
            QVERIFY2(file.elements > 0 && file.proof.find("C99") != std::string::npos, file.name.c_str());
        QCOMPARE(file.bytes,
            static_cast<std::uint64_t>(QFileInfo(folder.filePath(QString::fromStdString(file.name))).size()));
    }
    if (systemCIsHere())
        QVERIFY(QString::fromStdString(report->files[0].proof).endsWith("C99 and SystemC"));
}

void TestProof::mutationsFail_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("reason"); ///< part of the message; empty: the proof succeeds
    const auto row
        = [](const char *name, const char *from, const char *to, const char *reason, const char *file = "conv.h") {
              QTest::newRow(name) << QString(file) << QByteArray(from) << QByteArray(to) << QByteArray(reason);
          };
    // conv_weight is exported as HWIO: the first row is -11 -3 5 -7 1 9 -10 -2 6 -6 2 10 -9 -1 7 -5
    row("nothing", "", "", "");
    row("sign lost", " -3,", " 253,", "compiling it as C99");
    row("sign lost with the type", "static const int8_t conv_weight_raw", "static const uint8_t conv_weight_raw",
        "compiling it as C99");
    row("wider type", "static const int8_t conv_weight_raw", "static const int16_t conv_weight_raw",
        "compiling it as C99");
    row("off by one", " 5,", " 6,", "the header says 6, the model says 5");
    row("two elements swapped", "-11, -3,", "-3, -11,", "the header says -3, the model says -11");
    row("last element missing", ", 12\n}", "\n}", "the header says 0, the model says 12");
    row("one element too many", ", 12\n}", ", 12, 0\n}", "compiling it as C99");
    row("wrong F", "conv_weight_F 7", "conv_weight_F 6", "conv_weight_F: the header says 6, the model says 7");
    row("wrong I", "conv_weight_I 1", "conv_weight_I 2", "conv_weight_I");
    row("wrong W", "conv_weight_W 8", "conv_weight_W 7", "conv_weight_W");
    row("wrong COUNT", "conv_weight_COUNT 24", "conv_weight_COUNT 25", "conv_weight_COUNT");
    row("wrong SIGNED", "conv_weight_SIGNED 1", "conv_weight_SIGNED 0", "conv_weight_SIGNED");
    row("wrong DIM", "conv_weight_DIM3 3", "conv_weight_DIM3 2", "conv_weight_DIM3");
    row("F is missing", "#define conv_weight_F 7\n", "", "compiling it as C99");
    row("an F that does not belong there", "#define conv_bias_W", "#define conv_bias_F 3\n#define conv_bias_W",
        "compiling it as C99");
    row("wrong digit of a scale", "1.00000001e-01f", "1.00000009e-01f", "conv_bias_scale[0]");
    row("wrong digit of the last scale", "6.99999988e-01f", "6.99999929e-01f", "conv_bias_scale[2]");
    row("sign of a zero point", "1, -2, 3", "1, 2, 3", "conv_bias_zero_point[1]");
    row("wrong SCALE_AXIS", "SCALE_AXIS 0", "SCALE_AXIS 1", "conv_bias_SCALE_AXIS");
    row("bias off by one", "-300, 2, 301", "-300, 2, 300", "the header says 300, the model says 301");
    row("a warning", "#endif /* QUANTSCOPE_CONV_H */", "static int forgotten(void) { return 1; }\n#endif",
        "compiling it as C99");
    row("no include guard", "#ifndef QUANTSCOPE_CONV_H", "#if 1", "compiling it as C++11");
    if (systemCIsHere()) {
        row("wrong type in the view", "QUANTSCOPE_FIXED(8, 1, true)", "QUANTSCOPE_FIXED(8, 2, true)",
            "integer bits of conv_weight_t");
        row("wrong sign in the view", "QUANTSCOPE_FIXED(8, 1, true)", "QUANTSCOPE_FIXED(8, 1, false)", "in SystemC");
        row("wrong element in the view", "(conv_weight_raw[i])", "(conv_weight_raw[i / 2])", "in SystemC");
        row("the view is behind the main guard", "#ifndef QUANTSCOPE_CONV_H_FIXED_VIEW", "#if 0",
            "compiling the SystemC view");
        row("a lost bit in the helper", "bit < W; ++bit", "bit < W - 1; ++bit", "in SystemC", "quantscope_fixed.h");
        row("the helper takes the raw as a value", "T value = 0;\n    for",
            "T value = static_cast<double>(raw);\n    for (int i = 0; i < 0; ++i)\n    for", "in SystemC",
            "quantscope_fixed.h");
    }
}

void TestProof::mutationsFail()
{
    QFETCH(QString, file);
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QByteArray, reason);
    QTemporaryDir folder;
    const Network network = convNetwork();
    const ExportRequest request = requestFor(folder.path(), "hwio");
    QVERIFY(exportLayers(network, request).has_value());
    QByteArray text = readAll(folder.filePath(file));
    if (!from.isEmpty()) {
        const qsizetype at = text.indexOf(from);
        QVERIFY2(at >= 0, "the mutation does not apply");
        text.replace(at, from.size(), to);
        QVERIFY(replaceFile(folder.filePath(file), text));
    }
    const auto plan = planExport(network, request);
    QVERIFY(plan.has_value());
    const FileToProve header{&plan->files[0], folder.filePath("conv.h").toStdString()};
    std::vector<std::string> notes;
    const auto proof = proveHeaders({&header, 1}, folder.filePath("quantscope_fixed.h").toStdString(), notes);
    if (reason.isEmpty()) {
        QVERIFY2(proof.has_value(), proof ? "" : proof.error().text().c_str());
        QCOMPARE((*proof)[0].verified, 27u);
        return;
    }
    QVERIFY2(!proof.has_value(), "the mutation was not caught");
    QCOMPARE(proof.error().kind, ErrorKind::Proof);
    QVERIFY2(QByteArray::fromStdString(proof.error().message).contains(reason), proof.error().message.c_str());
    QVERIFY2(proof.error().message.find("/tmp") == std::string::npos, proof.error().message.c_str());
}

void TestProof::compilerOfTheEnvironment()
{
    if (QStandardPaths::findExecutable("clang").isEmpty() || QStandardPaths::findExecutable("clang++").isEmpty())
        QSKIP("clang is not installed");
    const Environment cc("CC", "clang -O0"), cxx("CXX", "clang++");
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.path(), "hwio");
    request.verify = true;
    const auto report = exportLayers(everything(), request);
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QVERIFY2(report->files[0].proof.starts_with("clang C99"), report->files[0].proof.c_str());
}

void TestProof::withoutACompilerNothingIsLeft()
{
    for (const char *compiler : {"/nowhere/cc", "false"}) {
        const Environment cc("CC", compiler);
        QTemporaryDir folder;
        ExportRequest request = requestFor(folder.filePath("made/on/the/way"), "source");
        request.verify = true;
        const auto report = exportLayers(convNetwork(), request);
        QVERIFY(!report.has_value());
        QCOMPARE(report.error().kind, ErrorKind::Proof);
        QVERIFY2(!report.error().message.empty(), report.error().message.c_str());
        QVERIFY(QDir(folder.path()).isEmpty());
    }
}

void TestProof::withoutATemporaryFolderNothingIsLeft()
{
    QTemporaryDir folder;
    ExportRequest request = requestFor(folder.filePath("out"), "source");
    request.verify = true;
    const Environment temporary("TMPDIR", "/proc/self"); // nobody makes folders there
    const auto report = exportLayers(convNetwork(), request);
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Proof);
    QVERIFY2(report.error().text().find("no temporary folder can be made") != std::string::npos,
        report.error().text().c_str());
    QVERIFY(QDir(folder.path()).isEmpty());
}

QTEST_GUILESS_MAIN(TestProof)
#include "tst_proof.moc"
