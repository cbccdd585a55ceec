// The networks have members called slots.
#include "diff/diff.h"
#include "open/open_network.h"
#include "report/diff_report.h"
#include "support/memory_slot.h"
#include "support/paths.h"
#include "support/program.h"
#include "support/state_file.h"

#include <QtTest>

#include <nlohmann/json.hpp>

using namespace quantscope;
using namespace quantscope::test;

namespace {

using Floats = std::vector<float>;

/// One slot a line: "fc weight changed: FIELDS; 4 codes, 2 changed, 1 flips, largest 64, first 1; [2, 3] 1".
QString textOf(const Network &a, const Network &b, const ModelDiff &diff)
{
    QStringList lines;
    for (const SlotDifference &slot : diff.slots) {
        QString line = QStringLiteral("%1 %2 %3:")
                           .arg(QString::fromStdString(slot.a ? a.layer(*slot.a).name : b.layer(*slot.b).name),
                               QString::fromUtf8(slotName(slot.slot)), QString::fromUtf8(slotStateName(slot.state)));
        for (const std::string &field : slot.fields)
            line += u' ' + QString::fromStdString(field) + u';';
        if (slot.codesChanged)
            line += QStringLiteral(" %1 codes, %2 changed, %3 flips, largest %4")
                        .arg(*slot.count)
                        .arg(*slot.codesChanged)
                        .arg(*slot.signFlips)
                        .arg(*slot.largestChange);
        if (slot.firstIndex)
            line += QStringLiteral(", first %1;").arg(*slot.firstIndex);
        for (const ChangeBin &bin : slot.histogram)
            line += QStringLiteral(" [%1, %2] %3").arg(bin.from).arg(bin.to).arg(bin.count);
        lines << line;
    }
    return lines.join(u'\n');
}

/// A Linear layer "fc" of 2 x 2 weights, with the keys of its weight's recipe.
Network linear(const Floats &values, const std::string &keys = "preset = \"ap_fixed<8,1>\"")
{
    return recoveredNetwork({{"fc.weight", {2, 2}, values}}, entry("fc", "weight", keys));
}

QString diffText(const Network &a, const Network &b)
{
    const auto diff = diffOf(a, b);
    return diff ? textOf(a, b, *diff) : QString::fromStdString(diff.error().text());
}

const QString kBias = QStringLiteral("\nfc bias same:");

} // namespace

class TestDiff : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void linearLayers_data();
    void linearLayers();
    void largeTensors();
    void codesThatAreNoNumbers();
    void wideCodes();
    void signsBehindZeroPoints();
    void transposed();
    void renames_data();
    void renames();
    void noCommonNames_data();
    void noCommonNames();
    void deepCopy();
    void whatCannotBeRead();
    void textForPeople();
    void program_data();
    void program();
};

/// Codes are 128 times the weights.
void TestDiff::linearLayers_data()
{
    QTest::addColumn<Floats>("a");
    QTest::addColumn<Floats>("b");
    QTest::addColumn<QString>("keysA");
    QTest::addColumn<QString>("keysB");
    QTest::addColumn<QString>("text");
    const QString eight = QStringLiteral("preset = \"ap_fixed<8,1>\""),
                  six = QStringLiteral("preset = \"ap_fixed<6,1>\"");
    const Floats some = {0.5f, -0.25f, 0.125f, 0x1p-7f};
    QTest::newRow("same") << some << some << eight << eight << "fc weight same: 4 codes, 0 changed, 0 flips, largest 0";
    QTest::newRow("floats behind equal codes") << some << Floats{0.5f, -0.25f, 0.126f, 0x1p-7f} << eight << eight
                                               << "fc weight same: 4 codes, 0 changed, 0 flips, largest 0";
    QTest::newRow("codes") << some << Floats{0.5f, 0.25f, 0.125f, 0x3p-7f} << eight << eight
                           << "fc weight changed: codes: 2 of 4, first [1]; 4 codes, 2 changed, 1 flips, largest 64, "
                              "first 1; [2, 3] 1 [64, 127] 1";
    QTest::newRow("down, and to zero") << some << Floats{0.5f, -0.265625f, 0.0f, 0x1p-7f} << eight << eight
                                       << "fc weight changed: codes: 2 of 4, first [1]; 4 codes, 2 changed, 0 flips, "
                                          "largest 16, first 1; [-31, -16] 1 [-3, -2] 1";
    QTest::newRow("bits and scale")
        << some << some << eight << six
        << "fc weight changed: bit_width: 8 -> 6; scale: 2^-7 -> 2^-5; codes: 4 of 4, first "
           "[0]; 4 codes, 4 changed, 0 flips, largest 48, first 0; [-63, -32] 1 [-15, -8] 1 "
           "[-1, -1] 1 [16, 31] 1";
    QTest::newRow("not quantized") << some << some << eight << "preset = \"None\""
                                   << "fc weight changed: kind: affine -> none;";
    QTest::newRow("neither quantized") << some << Floats{0.5f, -0.25f, 0.125f, 0} << "preset = \"None\""
                                       << "preset = \"None\""
                                       << "fc weight changed: values: 1 of 4, first [3];";
    QTest::newRow("neither quantized, equal") << some << some << "preset = \"None\""
                                              << "preset = \"None\""
                                              << "fc weight same:";
}

void TestDiff::linearLayers()
{
    QFETCH(Floats, a);
    QFETCH(Floats, b);
    QFETCH(QString, keysA);
    QFETCH(QString, keysB);
    QTEST(diffText(linear(a, keysA.toStdString()), linear(b, keysB.toStdString())), "text");
}

/// Read in pieces on all cores: nothing is lost or counted twice where they meet.
void TestDiff::largeTensors()
{
    const std::uint64_t count = (3ull << 20) + 5;
    Floats a(count, 0x10p-7f), b = a;
    for (const std::size_t at : {count - 1, std::uint64_t{1} << 20, (std::uint64_t{1} << 20) - 1, std::uint64_t{77777}})
        b[at] = -0x10p-7f;
    const Shape shape{1, static_cast<std::int64_t>(count)};
    const std::string recipe = entry("fc", "weight", "preset = \"ap_fixed<8,1>\"");
    const Network first = recoveredNetwork({{"fc.weight", shape, a}}, recipe),
                  second = recoveredNetwork({{"fc.weight", shape, b}}, recipe);
    QCOMPARE(diffText(first, second),
        QStringLiteral("fc weight changed: codes: 4 of 3145733, first [77777]; 3145733 codes, 4 changed, 4 flips, "
                       "largest 32, first 77777; [-63, -32] 4"));
}

/// NaN equals itself, and no size is told of a change to it.
void TestDiff::codesThatAreNoNumbers()
{
    const float nan = std::numeric_limits<float>::quiet_NaN();
    QCOMPARE(diffText(linear({nan, nan, 0.5f, 0}), linear({nan, 0.5f, 0.25f, 0})),
        QStringLiteral("fc weight changed: codes: 2 of 4, first [1]; 4 codes, 2 changed, 0 flips, largest 32, first 1; "
                       "[-63, -32] 1"));
}

/// Beyond 24 bits float32 would round the change.
void TestDiff::wideCodes()
{
    const auto of = [](std::int32_t last) {
        const std::vector<std::int32_t> codes = {1 << 30, -5, 3, last};
        Network network;
        network.file = std::make_shared<ModelFile>();
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot = test::slotOf(Floats(4), {2, 2}, affine(32, true, false, {{}, {}, {1.0f}}));
        slot.tensor = memoryTensor("fc.weight", DType::Int32, {2, 2}, std::span<const std::int32_t>(codes));
        slot.quantizer->rule = CodeRule::Stored;
        layer.slots.push_back(std::move(slot));
        network.add(std::move(layer));
        return network;
    };
    QCOMPARE(diffText(of((1 << 30) + 1), of(-(1 << 30))),
        QStringLiteral("fc weight changed: codes: 1 of 4, first [3]; 4 codes, 1 changed, 1 flips, largest 2147483649, "
                       "first 3; [-4294967295, -2147483648] 1"));
}

/// A sign is that of the value: code - zero point.
void TestDiff::signsBehindZeroPoints()
{
    const auto of = [](const Floats &codes, const Floats &zeros) {
        Network network;
        network.file = std::make_shared<ModelFile>();
        Layer layer;
        layer.name = "fc";
        SlotQuantizer slot = test::slotOf(codes, {2, 2}, affine(8, false, false, {{}, {}, {1.0f}}, {{2, 1}, 0, zeros}));
        slot.quantizer->rule = CodeRule::Stored;
        layer.slots.push_back(std::move(slot));
        network.add(std::move(layer));
        return network;
    };
    // Values 2, -3, 0, 5 and -2, -3, 1, -3: two have another sign, and 0 has none.
    QCOMPARE(diffText(of({10, 5, 3, 8}, {8, 3}), of({6, 5, 4, 0}, {8, 3})),
        QStringLiteral("fc weight changed: codes: 3 of 4, first [0]; 4 codes, 3 changed, 2 flips, largest 8, first 0; "
                       "[-15, -8] 1 [-7, -4] 1 [1, 1] 1"));
    QCOMPARE(diffText(of({10, 5, 4, 8}, {8, 3}), of({10, 5, 4, 8}, {8, 5})),
        QStringLiteral("fc weight changed: zero_point: 1 of 2 differ, first [1]: 3 -> 5; 4 codes, 0 changed, 1 flips, "
                       "largest 0"));
}

/// [out][in] in one model, [in][out] in the other.
void TestDiff::transposed()
{
    Network a = linear({0.5f, -0.25f, 0.125f, 0x1p-7f}), b = linear({0.5f, 0.125f, -0.25f, 0x3p-7f});
    b.layers.front().slot(Slot::Weight)->channelAxis = 1;
    QCOMPARE(diffText(a, b),
        QStringLiteral("fc weight changed: codes: 1 of 4, first [3]; 4 codes, 1 changed, 0 flips, largest 2, first 3; "
                       "[2, 3] 1"));
}

void TestDiff::renames_data()
{
    QTest::addColumn<QStringList>("renames");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << QStringList()
                          << "block.0.fc only_a, block.1.fc only_a, head same, net.0.fc only_b, net.1.fc only_b";
    QTest::newRow("a star") << QStringList{"block.*=net.*"} << "block.0.fc same, block.1.fc same, head same";
    QTest::newRow("the first that matches") << QStringList{"block.0.fc=net.1.fc", "block.*.fc=net.0.fc"}
                                            << "--rename block.*.fc=net.0.fc: OLD and NEW have one * each, or none";
    QTest::newRow("crosswise") << QStringList{"block.0.fc=net.1.fc", "block.1.fc=net.0.fc"}
                               << "block.0.fc same, block.1.fc same, head same";
    QTest::newRow("earlier ones count") << QStringList{"block.0.fc=net.0.fc", "*.fc=x*"}
                                        << "block.0.fc same, block.1.fc only_a, head same, net.1.fc only_b";
    QTest::newRow("collide") << QStringList{"block.0.fc=head"} << "block.0.fc and head would both be head";
    QTest::newRow("match nothing") << QStringList{"blok.0.fc=net.0.fc"}
                                   << "--rename blok.0.fc=net.0.fc matches no layer of memory.pt; did you mean "
                                      "\"block.0.fc\"?";
    QTest::newRow("no sign") << QStringList{"block"} << "--rename block is not of the form OLD=NEW";
    QTest::newRow("nothing new") << QStringList{"block="} << "--rename block= is not of the form OLD=NEW";
}

void TestDiff::renames()
{
    QFETCH(QStringList, renames);
    const std::string recipe = entry("*", "weight", "preset = \"ap_fixed<8,1>\"");
    const auto named = [&](const std::string &block) {
        return recoveredNetwork(
            {weight(block + ".0.fc", {2, 2}), weight(block + ".1.fc", {2, 2}), weight("head", {2, 2})}, recipe);
    };
    const Network a = named("block"), b = named("net");
    const auto found = [&]() -> Result<ModelDiff> {
        std::vector<Rename> parsed;
        for (const QString &text : renames) {
            const auto rename = parseRename(text.toStdString());
            if (!rename)
                return tl::unexpected(rename.error());
            parsed.push_back(*rename);
        }
        return diffOf(a, b, parsed);
    }();
    QStringList words;
    for (const SlotDifference &slot : found ? found->slots : std::vector<SlotDifference>())
        words << QString::fromStdString(slot.a ? a.layer(*slot.a).name : b.layer(*slot.b).name) + u' '
                + QString::fromUtf8(slotStateName(slot.state));
    if (!found)
        QCOMPARE(found.error().kind, ErrorKind::Usage);
    else
        QVERIFY(found->findings.empty()); // "head" is in both
    QTEST(found ? words.join(u", ") : QString::fromStdString(found.error().message), "text");
}

void TestDiff::noCommonNames_data()
{
    QTest::addColumn<QString>("a");
    QTest::addColumn<QString>("b");
    QTest::addColumn<QString>("fix");
    QTest::newRow("a prefix in the second") << "fc1"
                                            << "net.model.fc1"
                                            << "--rename '*=net.model.*'";
    QTest::newRow("a prefix in the first") << "net.fc1"
                                           << "fc1"
                                           << "--rename 'net.*=*'";
    QTest::newRow("none") << "fc1"
                          << "linear_0"
                          << "--rename fc1=NAME, once for each layer, or with one * in each side";
}

void TestDiff::noCommonNames()
{
    QFETCH(QString, a);
    QFETCH(QString, b);
    const auto named = [](const QString &name) {
        return recoveredNetwork({weight(name.toStdString(), {2, 2})}, preset("*", "weight", "ap_fixed<8,1>"));
    };
    const auto diff = diffOf(named(a), named(b));
    QVERIFY(diff.has_value());
    QCOMPARE(diff->findings.size(), std::size_t{1});
    QCOMPARE(diff->findings.front().rule, std::string("no-common-names"));
    QTEST(QString::fromStdString(diff->findings.front().fix), "fix");
}

/// The weights agree, a scale does not: a quantizer that was copied with its statistics running.
void TestDiff::deepCopy()
{
    const std::string recipe
        = entry("fc", "weight", "preset = \"ap_fixed<8,1>\"") + preset("act", "act", "Int8ActPerTensorFloat");
    const auto copy = [&](float threshold, float last) {
        return recoveredNetwork(
            {{"fc.weight", {2, 2}, {0.5f, -0.25f, 0.125f, last}}, actKey("act", "scaling_impl.value", {}, {threshold})},
            recipe);
    };
    const Network original = copy(128, 0.25f), moved = copy(256, 0.25f), trained = copy(256, 0.5f);
    const auto diff = diffOf(original, moved);
    QVERIFY(diff.has_value());
    QCOMPARE(diff->findings.size(), std::size_t{1});
    const DiffFinding &finding = diff->findings.front();
    QCOMPARE(finding.rule, std::string("scales-moved"));
    QCOMPARE(QString::fromStdString(finding.text),
        QStringLiteral("1 activation scale differs (first act act: 2^0 -> 2^1) though the floats of all weights and "
                       "biases are equal: copy.deepcopy copies a quantizer whose statistics are still running (its "
                       "first 300 training batches, 30 in Brevitas 0.6), so each forward pass in training mode moves "
                       "the scales of one copy and not of the other"));
    QVERIFY(finding.fix.find("load_state_dict") != std::string::npos);
    QCOMPARE(diffOf(original, trained)->findings.size(), std::size_t{0});
    QCOMPARE(diffOf(original, original)->findings.size(), std::size_t{0});
}

void TestDiff::whatCannotBeRead()
{
    const Network a = linear({0.5f, -0.25f, 0.125f, 0x1p-7f});
    Network b = a;
    SlotQuantizer &slot = *b.layers.front().slot(Slot::Weight);
    TensorInfo missing = *slot.tensor;
    missing.problem = "its bytes are missing";
    slot.tensor = std::make_shared<const TensorInfo>(missing);
    QCOMPARE(diffText(a, b), QStringLiteral("fc weight changed: codes: not compared: its bytes are missing;"));
    TensorInfo cut = *a.layers.front().slot(Slot::Weight)->tensor;
    cut.storage.bytes = 8;
    slot.tensor = std::make_shared<const TensorInfo>(cut);
    QVERIFY(diffText(a, b).startsWith(u"fc weight changed: codes: not compared: "));
    // Equal in name alone: nothing of one is beside anything of the other.
    TensorInfo other = cut;
    other.shape = {3, 2};
    slot.shape = other.shape;
    slot.tensor = std::make_shared<const TensorInfo>(other);
    QCOMPARE(diffText(a, b), QStringLiteral("fc weight changed: shape: [2,2] -> [3,2];"));
}

void TestDiff::textForPeople()
{
    const Network a = linear({0.5f, -0.25f, 0.125f, 0x1p-7f}), b = linear({0.5f, 0.25f, 0.125f, 0x3p-7f});
    QCOMPARE(QString::fromStdString(quantscope::diffText(a, b, *diffOf(a, b))),
        QStringLiteral(R"(memory.pt and memory.pt differ: 1 of 1 slots changed

Layer  Slot    State    Codes changed  Sign flips  Largest  First  Fields
fc     weight  changed       2 (50 %)           1       64    [1]

Change of the codes of fc weight:
   +2 to +3  1   ########################################
+64 to +127  1   ########################################
)"));
}

/// The word as a script sees it.
void TestDiff::program_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("says");
    const auto at = [](const char *name) { return QString::fromStdString(sample(name)); };
    const QString fixed = at("digits_fixed.pt"), qonnx = at("digits_fixed_qonnx.onnx"), other = at("digits_float.pt");
    QTest::newRow("same") << QStringList{fixed, qonnx} << 0
                          << "digits_fixed.pt and digits_fixed_qonnx.onnx are the same in all 12 slots\n";
    QTest::newRow("differ") << QStringList{fixed, other} << 1 << "digits_fixed.pt and digits_float.pt differ: 12 of 12";
    QTest::newRow("json") << QStringList{fixed, other, "--json"} << 1 << "\"same\": false";
    QTest::newRow("a rename that matches nothing")
        << QStringList{fixed, qonnx, "--rename", "conv9=conv1"} << 2 << "did you mean \"conv1\"";
    QTest::newRow("renames") << QStringList{fixed, at("digits_fixed_qcdq.ts.pt"), "--rename", "conv1=conv_1",
        "--rename", "conv2=conv_3", "--rename", "fc1=linear_6", "--rename", "fc2=linear_9", "--rename",
        "quant_inp=act_0", "--rename", "relu1=act_2", "--rename", "relu2=act_4", "--rename", "relu3=act_7"}
                             << 1 << "0 of 14 slots changed, 2 only in digits_fixed_qcdq.ts.pt";
    QTest::newRow("the recipe of both") << QStringList{fixed, qonnx, "--recipe", at("digits_fixed.recipe.toml")} << 0
                                        << "are the same";
    QTest::newRow("another recipe of the second")
        << QStringList{fixed, fixed, "--recipe-b", at("digits_float.recipe.toml")} << 1 << "quantizer-alone";
    QTest::newRow("no such file") << QStringList{fixed, "/nonexistent.pt"} << 3 << "/nonexistent.pt: cannot be opened";
    QTest::newRow("no model") << QStringList{fixed, at("digits_expected.json")} << 3 << "digits_expected.json";
}

void TestDiff::program()
{
    QFETCH(QStringList, arguments);
    QFETCH(QString, says);
    const Run run = runWith(QStringList("diff") + arguments);
    QTEST(run.status, "status");
    const QString text = QString::fromUtf8(run.status > 1 ? run.err : run.out);
    QVERIFY2(text.contains(says), qPrintable(text));
    QVERIFY(run.status < 2 || run.out.isEmpty());
    if (arguments.contains("--json")) {
        const auto document = nlohmann::json::parse(run.out.toStdString());
        QCOMPARE(document["slots"].size(), std::size_t{12});
        const nlohmann::json &conv1 = document["slots"][1];
        QCOMPARE(conv1["layer"], "conv1");
        QCOMPARE(conv1["state"], "changed");
        QCOMPARE(conv1["count"], 144);
    }
}

QTEST_GUILESS_MAIN(TestDiff)
#include "tst_diff.moc"
