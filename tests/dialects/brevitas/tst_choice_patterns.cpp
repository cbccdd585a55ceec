// The model has members named `slots`.
#include "dialects/brevitas/choice_patterns.h"
#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "formats/open_model.h"
#include "recipe/recipe_text.h"
#include "support/golden.h"
#include "support/paths.h"
#include "support/recipes.h"
#include "support/state_file.h"

#include <cmath>
#include <filesystem>

#include <QtTest>

using namespace quantscope;
using test::weight;

namespace {

/// Two blocks of two convolutions with activations, and a head.
std::vector<test::StateTensor> blocks(const std::string &parent = {})
{
    std::vector<test::StateTensor> tensors;
    for (const char *block : {"net.b0.", "net.b1."}) {
        for (const char *conv : {"conv1", "conv2"})
            tensors.push_back(weight(parent + block + conv, {4, 2, 1, 1}));
        tensors.push_back(test::actKey(parent + block + "act", "scaling_impl.value", {}, {0.5f}));
    }
    tensors.push_back(weight(parent + "net.head", {3, 4}));
    return tensors;
}

std::vector<SlotChoice> choicesFor(const QStringList &layers, const SlotChoice &what)
{
    std::vector<SlotChoice> choices(static_cast<std::size_t>(layers.size()), what);
    for (std::size_t i = 0; i < choices.size(); ++i)
        choices[i].layer = layers[static_cast<qsizetype>(i)].toStdString();
    return choices;
}

/// Without where its numbers come from, which names entries; a NaN equals itself.
std::optional<Quantizer> numbersIn(std::optional<Quantizer> quantizer)
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

bool isSame(const SlotQuantizer &a, const SlotQuantizer &b)
{
    return numbersIn(a.quantizer) == numbersIn(b.quantizer) && a.preset == b.preset && a.overrides == b.overrides
        && a.sharedWith == b.sharedWith && a.input == b.input && a.presetAssumed == b.presetAssumed
        && a.assumed == b.assumed;
}

/// "net.b0.conv1 weight" of every slot that is not the same in both.
QStringList differing(const Network &a, const Network &b)
{
    QStringList lines;
    for (const Layer &layer : a.layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const Layer *other = b.layer(layer.name);
            const SlotQuantizer *same = other == nullptr ? nullptr : other->slot(slot.slot);
            if (same == nullptr || !isSame(slot, *same))
                lines << QString::fromStdString(layer.name + " " + std::string(slotName(slot.slot)));
        }
    return lines;
}

/// What the choices make of a network, by its text: as one entry for each, and by patterns. An error's text, or empty.
QString compared(const Network &network, const std::vector<SlotChoice> &choices)
{
    const auto recovered = [&](const Recipe &recipe) { return recoverQuantizers(network.file, recipe); };
    const Recipe byPattern = withChoices(network.recipe, choices, network);
    const auto alone = recovered(withChoices(network.recipe, choices)), patterned = recovered(byPattern);
    if (!alone || !patterned)
        return alone.has_value() == patterned.has_value() ? QString() : "one of them cannot be";
    return differing(*alone, *patterned).join(", ");
}

/// What confirming slots together makes of a network, by its text: as confirming one after the other does, each with an
/// entry of its own. An error's text, or empty.
QString confirmedDifferently(const Network &network, const std::vector<SlotId> &slots)
{
    Recipe one = network.recipe;
    for (const SlotId &slot : slots)
        one = withConfirmed(one, network, {slot});
    const Recipe all = withConfirmed(network.recipe, network, slots);
    const auto alone = recoverQuantizers(network.file, one), together = recoverQuantizers(network.file, all);
    if (!alone || !together)
        return "one of them cannot be";
    if (all.quantizers.size() > one.quantizers.size())
        return "more entries";
    return differing(*alone, *together).join(", ");
}

Recipe recipeOf(const QByteArray &text) { return *parseRecipe(text.toStdString(), "r.toml"); }

} // namespace

class TestChoicePatterns : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void written_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QByteArray>("added");
        const QByteArray keys = "slot = \"weight\"\npreset = \"Int8WeightPerTensorFixedPoint\"\nbit_width = 4\n";
        const auto entry = [&](const QByteArray &match) -> QByteArray {
            return "\n[[quantizer]]\nmatch = \"" + match + "\"\n" + keys;
        };
        const QStringList branch{"net.b0.conv1", "net.b0.conv2"};
        const QStringList all = branch + QStringList{"net.b1.conv1", "net.b1.conv2", "net.head"};
        const QByteArray head = "brevitas = \"0.10.2\"\n";
        QTest::newRow("a branch") << head << branch << entry("net.b0.*");
        QTest::newRow("a layer") << head << branch.mid(0, 1) << entry("net.b0.conv1");
        QTest::newRow("a branch and a layer")
            << head << branch + QStringList{"net.head"} << entry("net.b0.*") + entry("net.head");
        QTest::newRow("two halves") << head << QStringList{"net.b0.conv1", "net.b1.conv2"}
                                    << entry("net.b0.conv1") + entry("net.b1.conv2");
        QTest::newRow("all") << head << all << entry("*");
        const QByteArray other = "\n[[quantizer]]\nmatch = \"net.b0.conv1\"\nslot = \"weight\"\nbit_width = 3\n";
        QTest::newRow("behind what spoke of one") << head + other << branch << entry("net.b0.*");
        const QByteArray input = "\n[[quantizer]]\nmatch = \"net.b0.conv1\"\nslot = \"weight\"\ninput_scale = 0.5\n";
        QTest::newRow("what is said of the input stays")
            << head + input << branch.mid(1) + QStringList{"net.head"} << entry("net.b0.conv2") + entry("net.head");
    }
    void written()
    {
        QFETCH(QByteArray, before);
        QFETCH(QStringList, layers);
        QFETCH(QByteArray, added);
        const Network network = test::recoveredNetwork(blocks(), before.toStdString());
        const auto choices
            = choicesFor(layers, {{}, Slot::Weight, "Int8WeightPerTensorFixedPoint", {{"bit_width", "4"}}});
        const Recipe edited = withChoices(network.recipe, choices, network);
        const auto text = editedToml(before.toStdString(), edited);
        QVERIFY2(text, text ? "" : text.error().message.c_str());
        QCOMPARE(QByteArray::fromStdString(*text), before + added);
        // Read back, it is what an entry for each is.
        const auto read = recoverQuantizers(network.file, recipeOf(QByteArray::fromStdString(*text)));
        const auto alone = recoverQuantizers(network.file, withChoices(network.recipe, choices));
        QVERIFY(read && alone);
        QCOMPARE(differing(*read, *alone), QStringList());
        int four = 0;
        for (const Layer &layer : read->layers)
            if (const SlotQuantizer *slot = layer.slot(Slot::Weight); slot && slot->quantizer)
                four += slot->quantizer->bitWidth == 4 ? 1 : 0;
        QCOMPARE(four, layers.size());
    }

    /// The pattern's own entry changes in place while nothing later speaks of its layers.
    void again()
    {
        const QStringList branch{"net.b1.conv1", "net.b1.conv2"};
        const Network network = test::recoveredNetwork(blocks(), {});
        const auto bits = [&](const QStringList &layers, const char *width) {
            return choicesFor(layers, {{}, Slot::Weight, {}, {{"bit_width", width}}});
        };
        Recipe recipe = withChoices(network.recipe, bits(branch, "4"), network);
        recipe = withChoices(recipe, bits(branch, "5"), network);
        const auto said = [&] {
            QStringList lines;
            for (const RecipeQuantizer &entry : recipe.quantizers)
                lines << QString::fromStdString(entry.match + " " + entry.overrides.front().second);
            return lines;
        };
        QCOMPARE(said(), QStringList{"net.b1.* 5"});
        recipe = withChoices(recipe, bits(branch.mid(0, 1), "8"), network);
        recipe = withChoices(recipe, bits(branch, "6"), network);
        QCOMPARE(said(), (QStringList{"net.b1.* 5", "net.b1.conv1 8", "net.b1.* 6"}));
    }

    /// Names with characters of patterns, and with what DataParallel and torch.compile put in front.
    void names_data()
    {
        QTest::addColumn<QStringList>("names");
        QTest::addColumn<QStringList>("chosen");
        QTest::addColumn<QStringList>("entries");
        QTest::newRow("brackets") << QStringList{"a[0].x", "a[0].y", "a0.x"} << QStringList{"a[0].x", "a[0].y"}
                                  << QStringList{"a[[]0].*"};
        QTest::newRow("a star") << QStringList{"s*.x", "s*.y", "stem.x"} << QStringList{"s*.x", "s*.y"}
                                << QStringList{"s[*].*"};
        QTest::newRow("wrapped") << QStringList{"_orig_mod.a.x", "_orig_mod.a.y", "b"}
                                 << QStringList{"_orig_mod.a.x", "_orig_mod.a.y"} << QStringList{"a.*"};
        QTest::newRow("one wrapped, not chosen")
            << QStringList{"a.x", "a.y", "_orig_mod.a.z"} << QStringList{"a.x", "a.y"} << QStringList{"a.x", "a.y"};
        QTest::newRow("a longer name") << QStringList{"a.x", "a.y", "ab.z"} << QStringList{"a.x", "a.y"}
                                       << QStringList{"a.*"};
        QTest::newRow("a layer of the branch's name")
            << QStringList{"a", "a.x", "a.y"} << QStringList{"a.x", "a.y"} << QStringList{"a.*"};
    }
    void names()
    {
        QFETCH(QStringList, names);
        QFETCH(QStringList, chosen);
        QFETCH(QStringList, entries);
        std::vector<test::StateTensor> tensors;
        for (const QString &name : names)
            tensors.push_back(weight(name.toStdString(), {4, 2}));
        const Network network = test::recoveredNetwork(tensors, "brevitas = \"0.10.2\"\n");
        const auto choices = choicesFor(chosen, {{}, Slot::Weight, "Int8WeightPerTensorFloat", {{"bit_width", "3"}}});
        QStringList found;
        for (const RecipeQuantizer &entry : withChoices(network.recipe, choices, network).quantizers)
            found << QString::fromStdString(entry.match);
        QCOMPARE(found, entries);
        QCOMPARE(compared(network, choices), QString());
    }

    /// Batch norms beside convolutions are not reached and need not be chosen; a vector that is chosen is named.
    void whatPatternsDoNotReach()
    {
        std::vector<test::StateTensor> tensors = blocks();
        for (const char *key : {"weight", "bias", "running_mean", "running_var"})
            tensors.push_back({std::string("net.b0.bn.") + key, {4}, {1, 1, 1, 1}});
        tensors.push_back(weight("net.b1.norm", {4}));
        const Network network = test::recoveredNetwork(tensors, "brevitas = \"0.10.2\"\n");
        const SlotChoice four{{}, Slot::Weight, "Int8WeightPerTensorFloat", {{"bit_width", "4"}}};
        const auto matches = [&](const QStringList &layers) {
            QStringList found;
            for (const RecipeQuantizer &entry :
                withChoices(network.recipe, choicesFor(layers, four), network).quantizers)
                found << QString::fromStdString(entry.match);
            return found;
        };
        QCOMPARE(matches({"net.b0.conv1", "net.b0.conv2"}), QStringList{"net.b0.*"});
        QCOMPARE(matches({"net.b1.conv1", "net.b1.conv2"}), (QStringList{"net.b1.conv1", "net.b1.conv2"}));
        QCOMPARE(matches({"net.b1.conv1", "net.b1.conv2", "net.b1.norm"}), (QStringList{"net.b1.*", "net.b1.norm"}));
    }

    void confirmed_data()
    {
        QTest::addColumn<QByteArray>("before");
        QTest::addColumn<QStringList>("layers");
        QTest::addColumn<QStringList>("entries"); ///< behind those that were there
        const QByteArray head = "brevitas = \"0.10.2\"\n";
        const QString float8 = "Int8WeightPerTensorFloat", act8 = "Int8ActPerTensorFloat";
        const QStringList all{
            "net.b0.conv1", "net.b0.conv2", "net.b0.act", "net.b1.conv1", "net.b1.conv2", "net.b1.act", "net.head"};
        QTest::newRow("all") << head << all << QStringList{"* weight " + float8, "* act " + act8};
        QTest::newRow("a branch") << head << all.mid(0, 3)
                                  << QStringList{"net.b0.* weight " + float8, "net.b0.act act " + act8};
        QTest::newRow("one of a branch") << head << all.mid(0, 1) << QStringList{"net.b0.conv1 weight " + float8};
        const QByteArray three
            = "\n[[quantizer]]\nmatch = \"net.b0.conv1\"\nslot = \"weight\"\nbit_width = 3\nassumed = true\n";
        QTest::newRow("one whose own entry is there")
            << head + three << all
            << QStringList{"net.b1.* weight " + float8, "net.b0.conv2 weight " + float8, "net.head weight " + float8,
                   "* act " + act8};
        const QByteArray said = "\n[[quantizer]]\nmatch = \"net.b1.conv2\"\nslot = \"weight\"\npreset = "
                                "\"Int8WeightPerTensorFixedPoint\"\n";
        QTest::newRow("one that was confirmed before")
            << head + said << all.mid(0, 6)
            << QStringList{"net.b0.* weight " + float8, "net.b1.conv1 weight " + float8, "* act " + act8};
    }
    /// As few entries as say the same, and nothing else is said.
    void confirmed()
    {
        QFETCH(QByteArray, before);
        QFETCH(QStringList, layers);
        QFETCH(QStringList, entries);
        const Network network = test::recoveredNetwork(blocks(), before.toStdString());
        std::vector<SlotId> slots;
        for (const Layer &layer : network.layers)
            if (layers.contains(QString::fromStdString(layer.name)))
                for (const SlotQuantizer &slot : layer.slots)
                    slots.push_back({layer.id, slot.slot});
        const Recipe after = withConfirmed(network.recipe, network, slots);
        QStringList found;
        for (std::size_t at = network.recipe.quantizers.size(); at < after.quantizers.size(); ++at) {
            const RecipeQuantizer &entry = after.quantizers[at];
            QCOMPARE(entry.number, static_cast<int>(at) + 1);
            found << QString::fromStdString(
                entry.match + " " + std::string(slotName(*entry.slot)) + " " + entry.preset.value_or("-"));
        }
        QCOMPARE(found, entries);
        QCOMPARE(confirmedDifferently(network, slots), QString());
    }

    /// Of checkpoints without a recipe every slot, and every second.
    void corpusConfirmed_data() { corpus_data(); }
    void corpusConfirmed()
    {
        QFETCH(QString, golden);
        const auto document = test::golden(golden.toStdString());
        const auto file = *openModel((std::filesystem::path(golden.toStdString()).parent_path()
            / document["files"]["state_dict"].get<std::string>())
                                         .string());
        const auto network = recoverQuantizers(file, recipeOf("brevitas = \"0.10.2\"\n"));
        QVERIFY(network);
        for (const std::size_t step : {1u, 2u}) {
            std::vector<SlotId> slots;
            for (std::size_t at = 0; at < network->layers.size(); at += step)
                for (const SlotQuantizer &slot : network->layers[at].slots)
                    slots.push_back({network->layers[at].id, slot.slot});
            QCOMPARE(confirmedDifferently(*network, slots), QString());
        }
    }

    /// What Brevitas wrote: every weight, and every second, as one entry for each and by patterns.
    void corpus_data()
    {
        QTest::addColumn<QString>("golden");
        for (const auto &entry : std::filesystem::directory_iterator(test::data("brevitas/0.10.2")))
            if (entry.path().extension() == ".json" && entry.path().stem() != "MANIFEST")
                QTest::newRow(entry.path().stem().c_str()) << QString::fromStdString(entry.path().string());
    }
    void corpus()
    {
        QFETCH(QString, golden);
        const auto document = test::golden(golden.toStdString());
        const auto file = *openModel((std::filesystem::path(golden.toStdString()).parent_path()
            / document["files"]["state_dict"].get<std::string>())
                                         .string());
        const auto network
            = recoverQuantizers(file, recipeOf(QByteArray::fromStdString(test::recipeOfGolden(document))));
        QVERIFY(network);
        for (const Slot slot : {Slot::Weight, Slot::Act, Slot::Bias})
            for (const std::size_t step : {1u, 2u}) {
                QStringList layers;
                for (std::size_t at = 0; at < network->layers.size(); at += step)
                    if (network->layers[at].slot(slot))
                        layers << QString::fromStdString(network->layers[at].name);
                QCOMPARE(compared(*network, choicesFor(layers, {{}, slot, {}, {{"bit_width", "5"}}})), QString());
                if (slot == Slot::Weight)
                    QCOMPARE(compared(*network,
                                 choicesFor(layers, {{}, slot, "Int8WeightPerTensorFixedPoint", {{"bit_width", "4"}}})),
                        QString());
            }
    }
};

QTEST_GUILESS_MAIN(TestChoicePatterns)
#include "tst_choice_patterns.moc"
