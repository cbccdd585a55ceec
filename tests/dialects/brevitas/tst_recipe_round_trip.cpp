// The model has members named `slots`.
#include "base/text.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "dialects/interpret.h"
#include "formats/open_model.h"
#include "open/open_network.h"
#include "support/golden.h"
#include "support/opened.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include <QRegularExpression>
#include <QtTest>

using namespace quantscope;

namespace {

/// Without where its numbers come from; a NaN equals itself.
std::optional<Quantizer> numbersOf(std::optional<Quantizer> quantizer)
{
    if (!quantizer)
        return quantizer;
    quantizer->origin.clear();
    for (std::optional<Granular> *numbers : {&quantizer->scale, &quantizer->zeroPoint})
        if (*numbers)
            for (float &value : (*numbers)->values)
                value = std::isnan(value) ? -12345.0f : value;
    return quantizer;
}

/// "conv1 weight, ..." of the slots whose quantizers or codes differ, or that one lacks.
QString differences(const Network &a, const Network &b)
{
    QStringList out;
    for (const Layer &layer : a.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const Layer *other = b.layer(layer.name);
            const SlotQuantizer *same = other == nullptr ? nullptr : other->slot(slot.slot);
            if (same == nullptr || numbersOf(same->quantizer) != numbersOf(slot.quantizer)
                || same->channelAxis != slot.channelAxis)
                out << QString::fromStdString(fmt::format("{} {}", layer.name, slot.slot));
        }
    return out.join(", ");
}

/// What is written, read again, and used without anything else.
QString lostOnTheWay(const Network &network)
{
    const std::string text = recipeToml(network);
    for (const QString &line : QString::fromStdString(text).split('\n'))
        if (printable(line.toStdString()) != line.toStdString())
            return "control characters in " + line;
    const auto again = parseRecipe(text, "again.toml");
    if (!again)
        return QString::fromStdString(again.error().text());
    const auto alone = recoverQuantizers(network.file, *again);
    return alone ? differences(network, *alone) : QString::fromStdString(alone.error().text());
}

Recipe parsed(const QString &text) { return *parseRecipe(text.toStdString(), "given.toml"); }

} // namespace

/// `recipe MODEL` given back as the recipe of that model changes nothing.
class TestRecipeRoundTrip : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void corpus_data()
    {
        QTest::addColumn<QString>("golden");
        for (const char *version : {"0.6.0", "0.7.1", "0.9.1", "0.10.2", "0.12.1"})
            for (const auto &entry :
                std::filesystem::directory_iterator(test::data(std::string("brevitas/") + version)))
                if (entry.path().extension() == ".json" && entry.path().stem() != "MANIFEST")
                    QTest::addRow("%s %s", version, entry.path().stem().c_str())
                        << QString::fromStdString(entry.path().string());
    }

    void corpus()
    {
        QFETCH(QString, golden);
        const auto document = test::golden(golden.toStdString());
        const std::string model = (std::filesystem::path(golden.toStdString()).parent_path()
            / document["files"]["state_dict"].get<std::string>())
                                      .string();
        const auto file = *openModel(model);
        const QString full = QString::fromStdString(test::recipeOfGolden(document));
        // What an export beside the file can tell: what feeds what, and the kinds.
        QString bare = full;
        bare.remove(
            QRegularExpression("\\[\\[layer\\]\\]\\n(?:match|kind|groups) = .*\\n(?:(?:kind|groups) = .*\\n)*"));
        bare.remove(QRegularExpression("\\ninput = .*"));
        for (const QString &text : {full, QString(), bare}) {
            const auto network = test::openedNetwork(file, parsed(text));
            QVERIFY2(network, network ? "" : network.error().text().c_str());
            QCOMPARE(lostOnTheWay(*network), QString());
        }
    }

    void entries_data()
    {
        QTest::addColumn<QString>("recipe");
        const auto row = [](const char *name, const char *text) { QTest::newRow(name) << QString(text); };
        row("no weight quantizers", "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"None\"\n");
        row("no activation quantizer", "[[quantizer]]\nmatch = \"relu1\"\nslot = \"act\"\npreset = \"None\"\n");
        row("input numbers of three entries",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"IntBias\"\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\ninput_scale = 0.25\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\ninput_bit_width = 4\n");
        row("input numbers that were replaced",
            "[[quantizer]]\nmatch = \"quant_inp\"\nslot = \"act\"\npreset = \"Int8ActPerTensorFixedPoint\"\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput_scale = 0.25\n"
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"bias\"\npreset = \"Int16Bias\"\ninput = \"quant_inp\"\n");
        row("a list of words",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\ndtype = [\"a\", \"b\"]\n");
        row("a word that looks like a number",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\ndtype = \"1.2.3\"\n");
        row("a word that steers a terminal",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\ndtype = \"\\u001b[1m\\u009b2J\\u00e9\\n\"\n");
        row("a word that turns text around",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = "
            "\"Int8WeightPerTensorFloat\"\ndtype = \"a\\u202Eb\\u00E9\\U0001F600\"\n");
        row("a sharer of nothing",
            "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\npreset = \"None\"\n"
            "[[quantizer]]\nmatch = \"conv2\"\nslot = \"weight\"\nshared_with = \"conv1\"\n");
        row("a sharer of all that there is", "[[quantizer]]\nmatch = \"conv2\"\nshared_with = \"conv1\"\n");
        row("the lab's names", "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"ap_fixed<6,-1>\"\n");
        row("a width alone", "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 5\n");
        row("a width for all", "[[quantizer]]\nbit_width = 5\n");
        row("what cannot be had", "[[quantizer]]\nmatch = \"relu1\"\nslot = \"act\"\npreset = \"binary\"\n");
    }

    void entries()
    {
        QFETCH(QString, recipe);
        const auto network = test::openedNetwork(*openModel(test::sample("digits_fixed.pt")), parsed(recipe));
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(lostOnTheWay(*network), QString());
    }

    /// Names that are patterns, or hold the colon of LAYER:SLOT: each has another width, and all come back.
    void namesThatArePatterns()
    {
        std::vector<test::StateTensor> tensors;
        std::string recipe;
        int bits = 2;
        for (const std::string name : {"fc", "f*", "f?", "x[*]", "x[0]", "a:weight", "a"}) {
            tensors.push_back(test::weight(name, {4, 5}));
            tensors.push_back({name + ".bias", {4}, test::ramp(4)});
            tensors.push_back(test::actKey("q" + name, "scaling_impl.value", {}, {1.0f}));
            const std::string match = globEscape(name);
            recipe += test::entry(
                match, "weight", fmt::format("preset = \"Int8WeightPerTensorFloat\"\nbit_width = {}", bits));
            recipe += test::entry(
                "q" + match, "act", fmt::format("preset = \"Int8ActPerTensorFloat\"\nbit_width = {}", bits++));
            recipe += test::entry(match, "bias", fmt::format("preset = \"IntBias\"\ninput = \"q{}\"", name));
        }
        recipe += test::entry("f[?]", "weight", "shared_with = \"a:weight:weight\"");
        const auto network = test::recovered(tensors, recipe);
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        QCOMPARE(lostOnTheWay(*network), QString());
        const auto weightBits
            = [&](const char *layer) { return network->layer(layer)->slot("weight")->quantizer->bitWidth; };
        QCOMPARE(weightBits("fc"), std::optional(2));
        QCOMPARE(weightBits("f*"), std::optional(3));
        QCOMPARE(weightBits("f?"), std::optional(7));
        QCOMPARE(weightBits("x[*]"), std::optional(5));
    }

    void manyLayers_data()
    {
        QTest::addColumn<int>("blocks");
        QTest::addColumn<QByteArray>("recipe");
        QTest::addColumn<QStringList>("written");
        const QByteArray four = "[[quantizer]]\nmatch = \"net.b3.*\"\nslot = \"weight\"\npreset = "
                                "\"Int8WeightPerTensorFixedPoint\"\nbit_width = 4\n";
        const QString weight = " weight Int8WeightPerTensorFloat assumed", act = " act Int8ActPerTensorFloat assumed";
        QTest::newRow("alike") << 20 << QByteArray() << QStringList{"*" + weight, "*" + act};
        QStringList blocks;
        for (int block = 0; block < 20; ++block)
            if (block != 3)
                blocks << QString("net.b%1.*").arg(block) + weight;
        QTest::newRow("a branch is another") << 20 << four
                                             << blocks
                + QStringList{"net.head" + weight, "*" + act, "net.b3.* weight Int8WeightPerTensorFixedPoint of 4"};
        QTest::newRow("few layers are said by name")
            << 1 << QByteArray()
            << QStringList{"net.head" + weight, "net.b0.conv1" + weight, "net.b0.conv2" + weight, "net.b0.act" + act};
    }

    /// As few entries as say the same of a network that nobody reads layer by layer.
    void manyLayers()
    {
        QFETCH(int, blocks);
        QFETCH(QByteArray, recipe);
        QFETCH(QStringList, written);
        std::vector<test::StateTensor> tensors{test::weight("net.head", {3, 4})};
        for (int block = 0; block < blocks; ++block) {
            const std::string name = fmt::format("net.b{}.", block);
            tensors.push_back(test::weight(name + "conv1", {4, 2, 1, 1}));
            tensors.push_back(test::weight(name + "conv2", {4, 2, 1, 1}));
            tensors.push_back(test::actKey(name + "act", "scaling_impl.value", {}, {0.5f}));
        }
        const auto network = test::recovered(tensors, recipe.toStdString());
        QVERIFY2(network, network ? "" : network.error().text().c_str());
        const std::string text = recipeToml(*network);
        QStringList found;
        const Recipe again = parsed(QString::fromStdString(text));
        for (const RecipeQuantizer &entry : again.quantizers)
            found << QString::fromStdString(fmt::format("{} {} {}{}{}", entry.match, *entry.slot, *entry.preset,
                entry.overrides.empty() ? std::string() : " of " + entry.overrides.front().second,
                entry.assumed ? " assumed" : ""));
        QCOMPARE(found, written);
        QCOMPARE(lostOnTheWay(*network), QString());
    }
};

QTEST_GUILESS_MAIN(TestRecipeRoundTrip)
#include "tst_recipe_round_trip.moc"
