// The network has members named `slots`.
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "report/inspect.h"
#include "report/inspect_json.h"
#include "support/state_file.h"

#include <QtTest>

using namespace quantscope;
using namespace quantscope::test;

namespace {

const std::vector<StateTensor> kTensors = {weight("fc", {4, 4}), {"fc.bias", {4}, ramp(4)}, weight("fc2", {4, 4}),
    actKey("relu", "scaling_impl.value", {}, {4})};

Network networkOf(const std::string &recipe) { return recoveredNetwork(kTensors, recipe); }

/// "bit_width scale ..." of the fields of a slot that are assumed.
QString assumedFields(const SlotQuantizer &slot)
{
    QStringList out;
    if (slot.quantizer)
        for (const auto &[field, origin] : slot.quantizer->origin)
            if (origin.origin == Origin::Assumed)
                out << QString::fromStdString(field);
    return out.join(" ");
}

} // namespace

/// What nobody confirmed stays assumed, however often it is written and read.
class TestUnconfirmed : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void fields_data()
    {
        QTest::addColumn<QString>("recipe");
        QTest::addColumn<QString>("layer");
        QTest::addColumn<QString>("slot");
        QTest::addColumn<bool>("presetAssumed");
        QTest::addColumn<QString>("fields");
        const auto row = [](const char *name, const std::string &recipe, const char *layer, const char *slot,
                             bool assumed, const char *fields) {
            QTest::newRow(name) << QString::fromStdString(recipe) << layer << slot << assumed << fields;
        };
        const std::string given = preset("fc", "weight", "Int8WeightPerTensorFloat");
        const std::string act = preset("relu", "act", "Uint8ActPerTensorFloat");
        row("nothing said", "", "fc", "weight", true, "bit_width narrow rounding signed");
        row("a preset that nobody confirmed",
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nassumed = true"), "fc", "weight", true,
            "bit_width narrow rounding signed");
        row("a confirmed preset", given, "fc", "weight", false, "");
        row("a keyword that nobody confirmed", given + entry("fc", "weight", "bit_width = 4\nassumed = true"), "fc",
            "weight", false, "bit_width scale");
        row("a keyword without a field of its own",
            given + entry("fc", "weight", "restrict_scaling_type = \"power_of_two\"\nassumed = true"), "fc", "weight",
            false, "scale");
        row("a keyword that is confirmed again",
            given + entry("fc", "weight", "bit_width = 4\nassumed = true") + entry("fc", "weight", "bit_width = 5"),
            "fc", "weight", false, "");
        row("confirmed by a later preset",
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nassumed = true") + given, "fc", "weight",
            false, "");
        row("sharing that nobody confirmed", given + entry("fc2", "weight", "shared_with = \"fc\"\nassumed = true"),
            "fc2", "weight", true, "bit_width narrow rounding scale signed");
        row("an owner that nobody confirmed",
            entry("fc", "weight", "preset = \"Int8WeightPerTensorFloat\"\nassumed = true")
                + entry("fc2", "weight", "shared_with = \"fc\""),
            "fc2", "weight", true, "bit_width narrow rounding signed");
        row("an input that nobody confirmed",
            given + act + preset("fc", "bias", "Int16Bias") + entry("fc", "bias", "input = \"relu\"\nassumed = true"),
            "fc", "bias", false, "scale");
        row("a number of the input",
            given + preset("fc", "bias", "Int16Bias") + entry("fc", "bias", "input_scale = 0.5\nassumed = true"), "fc",
            "bias", false, "scale");
        row("a lab's name", entry("fc", "weight", "preset = \"ap_fixed<6,1>\"\nassumed = true"), "fc", "weight", true,
            "bit_width narrow rounding scale signed zero_point");
        row("no quantizer", entry("fc", "weight", "preset = \"None\"\nassumed = true"), "fc", "weight", true, "");
    }

    void fields()
    {
        QFETCH(QString, recipe);
        QFETCH(QString, layer);
        QFETCH(QString, slot);
        QFETCH(bool, presetAssumed);
        QFETCH(QString, fields);
        const Network network = networkOf(recipe.toStdString());
        const SlotQuantizer &found = *network.layer(layer.toStdString())->slot(slot.toStdString());
        QCOMPARE(found.presetAssumed, presetAssumed);
        QCOMPARE(found.assumed, presetAssumed || !fields.isEmpty());
        QCOMPARE(assumedFields(found), fields);
        // Written and read again, twice: nothing is confirmed on the way, and nothing that was becomes doubtful.
        const std::string text = recipeToml(network);
        const Network again = networkOf(text);
        const SlotQuantizer &same = *again.layer(layer.toStdString())->slot(slot.toStdString());
        QCOMPARE(same.presetAssumed, presetAssumed);
        QCOMPARE(same.assumed, found.assumed);
        QCOMPARE(assumedFields(same), fields);
        QCOMPARE(same.alternatives, found.alternatives);
        QCOMPARE(recipeToml(again), text);
    }

    /// Keywords that were assumed with a preset are no more confirmed than it is.
    void assumedKeywords()
    {
        std::vector<float> grid(512);
        for (std::size_t i = 0; i < grid.size(); ++i)
            grid[i] = static_cast<float>(static_cast<int>(i * 7 % 15) - 7) / 8;
        const auto of = [&](const std::string &recipe) { return *recovered({{"fc.weight", {16, 32}, grid}}, recipe); };
        const Network network = of("");
        const SlotQuantizer &slot = *network.layer("fc")->slot("weight");
        QVERIFY(!slot.overrides.empty() && slot.presetAssumed);
        const std::string text = recipeToml(network);
        QCOMPARE(text.find("[[quantizer]]"), text.rfind("[[quantizer]]"));
        const Network again = of(text);
        const SlotQuantizer &same = *again.layer("fc")->slot("weight");
        QVERIFY(same.presetAssumed);
        QCOMPARE(assumedFields(same), assumedFields(slot));
        QCOMPARE(same.quantizer->scale, slot.quantizer->scale);
        QCOMPARE(same.alternatives, slot.alternatives);
        const auto lines = [](const std::string &toml) {
            QStringList all = QString::fromStdString(toml).split('\n');
            all.sort(); // keywords are read by name, not by place
            return all;
        };
        QCOMPARE(lines(recipeToml(again)), lines(text));
    }

    /// How a class of the user's own rounds is not known, where its codes are those of no rounding.
    void roundingOfAnOwnClass()
    {
        const Network network = networkOf(entry("fc", "weight", "own_class = \"net.Mine\"")
            + "[[proof]]\nlayer = \"fc\"\nslot = \"weight\"\nbit_width = 4\nsigned = true\nscale = [\"0x1p-3\"]\n"
              "zero_point = [\"0x0p+0\"]\n");
        const auto inspection = inspect(std::make_shared<const Network>(network), {});
        const auto json = inspectJson(*inspection, {})["layers"][0]["quantizers"][0];
        QVERIFY(json["rounding"].is_null() && json["narrow"].is_null() && json["codes_min"].is_null());
        QCOMPARE(json["bit_width"].get<int>(), 4);
    }

    /// A version that nobody named is not named by writing it.
    void version()
    {
        const Network again = networkOf(recipeToml(networkOf("")));
        QVERIFY(!again.recipe.brevitas);
        QVERIFY(findRule(again, "version-assumed") != nullptr);
        QVERIFY(findRule(again, "preset-assumed") != nullptr);
    }

    /// An entry says one or the other: what a person said of an assumed preset stays said.
    void writtenApart()
    {
        const std::string text = recipeToml(networkOf(entry("fc", "weight", "bit_width = 4")));
        QVERIFY2(text.find("match = \"fc\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\nassumed = true\n")
                != std::string::npos,
            text.c_str());
        QVERIFY2(text.find("[[quantizer]]\nmatch = \"fc\"\nslot = \"weight\"\nbit_width = 4\n") != std::string::npos,
            text.c_str());
    }
};

QTEST_GUILESS_MAIN(TestUnconfirmed)
#include "tst_unconfirmed.moc"
