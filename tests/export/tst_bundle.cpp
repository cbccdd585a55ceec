#include "dialects/brevitas/recipe_confirmation.h"
#include "dialects/brevitas/recipe_edits.h"
#include "dialects/brevitas/recipe_words.h"
#include "dialects/brevitas/recipe_writer.h"
#include "export/assumed.h"
#include "export/export_folder.h"
#include "network/unconfirmed.h"
#include "open/open_network.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QTemporaryDir>

#include <filesystem>

using namespace quantscope;
using namespace quantscope::test;
using Json = nlohmann::json;

namespace {

/// A sample without what lies beside it.
QString copied(const QTemporaryDir &folder, const char *name, bool withRecipe)
{
    const QString stem = QString::fromLatin1(name), path = folder.filePath(stem + ".pt");
    QFile::copy(QString::fromStdString(sample(name + std::string(".pt"))), path);
    if (withRecipe)
        QFile::copy(
            QString::fromStdString(sample(name + std::string(".recipe.toml"))), folder.filePath(stem + ".recipe.toml"));
    return path;
}

/// Opens a file under its recipe after an edit, as the window does.
Network edited(const QString &path, const std::function<Recipe(const Recipe &, const Network &)> &edit)
{
    const auto opened = OpenedModel::open(path.toStdString(), {});
    const auto before = opened->network();
    return *opened->network(edit(before->recipe, *before), {}, &*before);
}

std::vector<SlotId> allSlots(const Network &network)
{
    std::vector<SlotId> all;
    for (const Layer &layer : network.layers)
        for (const SlotQuantizer &slot : layer.slots)
            all.push_back({layer.id, slot.slot});
    return all;
}

std::size_t unconfirmed(const Network &network)
{
    std::size_t count = 0;
    for (const SlotId &id : allSlots(network))
        count += isUnconfirmed(network, *network.slot(id)) ? 1u : 0u;
    return count;
}

/// Every code of every slot that has codes, as one hash.
std::string codesOf(const Network &network, const QString &folder, std::vector<std::string> layers = {})
{
    if (!exportLayers(network, requestFor(folder, std::move(layers))))
        return {};
    std::string out;
    const Json manifest = golden((folder + "/manifest.json").toStdString());
    for (const Json &tensor : manifest["tensors"])
        out += tensor["symbol"].get<std::string>() + ' ' + tensor["codes_sha256_i32"].get<std::string>() + '\n';
    return out;
}

Recipe unchanged(const Recipe &recipe, const Network &) { return recipe; }
Recipe conv1With4Bits(const Recipe &recipe, const Network &)
{
    return withChoice(recipe, {"conv1", Slot::Weight, {}, {{"bit_width", "4"}}});
}
Recipe conv1Confirmed(const Recipe &recipe, const Network &network)
{
    return withConfirmed(recipe, network, {{network.layer("conv1")->id, Slot::Weight}});
}

} // namespace

/// What an export says of its own certainty, and that it can be made again from itself.
class TestBundle : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void makesItselfAgain_data();
    void makesItselfAgain();
    void aTakenRecipeIsWritten();
    void aTakenRecipeStandsAlone_data();
    void aTakenRecipeStandsAlone();
    void saysWhatIsAssumed_data();
    void saysWhatIsAssumed();
    void growingBatchesCountAll();
    void confirmingChangesNoCode_data();
    void confirmingChangesNoCode();
    void savingConfirmsNothing();
    void anothersRecipeIsSpared();
    void aContradictedSlotIsRefused();
};

void TestBundle::makesItselfAgain_data()
{
    QTest::addColumn<QString>("stem");
    QTest::addColumn<bool>("withRecipe");
    QTest::addColumn<int>("edit");
    QTest::addColumn<bool>("isEdited");
    for (const char *stem : {"digits_fixed", "digits_float"}) {
        const auto row = [&](const char *name, bool withRecipe, int edit, bool isEdited) {
            QTest::addRow("%s, %s", stem, name) << stem << withRecipe << edit << isEdited;
        };
        row("recipe beside", true, 0, false);
        row("edited", true, 1, true);
        row("no recipe", false, 0, false);
        row("edited without a recipe", false, 1, true);
        row("confirmed in part", false, 2, true);
    }
}

void TestBundle::makesItselfAgain()
{
    QFETCH(QString, stem);
    QFETCH(bool, withRecipe);
    QFETCH(int, edit);
    QFETCH(bool, isEdited);
    QTemporaryDir folder;
    const QString path = copied(folder, stem.toLatin1(), withRecipe), one = folder.filePath("one"),
                  two = folder.filePath("two"), three = folder.filePath("three");
    constexpr std::array kEdits = {unchanged, conv1With4Bits, conv1Confirmed};
    const Network network = edited(path, kEdits[static_cast<std::size_t>(edit)]);
    const auto report = exportLayers(network, requestFor(one));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(report->recipeEdited, isEdited);
    const Json source = golden((one + "/manifest.json").toStdString())["source"];
    QCOMPARE(source["recipe_sha256"].get<std::string>(), sha(readAll(one + "/recipe.toml")).toStdString());
    QCOMPARE(source.contains("recipe_edited"), isEdited);
    QCOMPARE(readAll(one + "/conv1.h").contains("edited, not saved"), isEdited);
    if (withRecipe && !isEdited)
        QCOMPARE(readAll(one + "/recipe.toml"), readAll(folder.filePath(stem + ".recipe.toml")));

    const auto again = openNetwork(path.toStdString(), (one + "/recipe.toml").toStdString());
    QVERIFY2(again.has_value(), again ? "" : again.error().text().c_str());
    QVERIFY(exportLayers(*again, requestFor(two)).has_value());
    QCOMPARE(contents(two), contents(one));
    // Into its own folder as well, and once more from what that left.
    QVERIFY(exportLayers(*again, requestFor(one)).has_value());
    QCOMPARE(contents(one), contents(two));
    const auto last = openNetwork(path.toStdString(), (two + "/recipe.toml").toStdString());
    QVERIFY(exportLayers(*last, requestFor(three)).has_value());
    QCOMPARE(contents(three), contents(one));
}

/// A recipe that follows from an export beside the checkpoint makes the same codes where that export is gone.
void TestBundle::aTakenRecipeIsWritten()
{
    QTemporaryDir folder, elsewhere;
    const QString path = copied(folder, "digits_fixed", false);
    QFile::copy(QString::fromStdString(sample("digits_fixed_qonnx.onnx")), folder.filePath("digits_fixed_qonnx.onnx"));
    const auto network = openNetwork(path.toStdString());
    QCOMPARE(network->recipe.takenFrom, std::string("digits_fixed_qonnx.onnx"));
    const auto report = exportLayers(*network, requestFor(folder.filePath("out")));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QVERIFY(!report->recipeEdited);
    QCOMPARE(report->assumed, std::string());
    const Json source = golden(folder.filePath("out/manifest.json").toStdString())["source"];
    QCOMPARE(source["recipe_taken_from"], Json("digits_fixed_qonnx.onnx"));
    QVERIFY(!source.contains("recipe_edited"));
    QVERIFY(readAll(folder.filePath("out/conv1.h"))
                .contains(", recipe.toml beside this file; taken from digits_fixed_qonnx.onnx\n"));
    const auto alone = openNetwork(
        copied(elsewhere, "digits_fixed", false).toStdString(), folder.filePath("out/recipe.toml").toStdString());
    QVERIFY2(alone.has_value(), alone ? "" : alone.error().text().c_str());
    QVERIFY(alone->recipe.takenFrom.empty());
    QCOMPARE(codesOf(*alone, elsewhere.filePath("again")), codesOf(*network, elsewhere.filePath("first")));
}

void TestBundle::aTakenRecipeStandsAlone_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("a kind and an input") << "rand003";
    QTest::newRow("last bits of scales") << "restrict_types";
}

/// So do the kinds, the inputs and the last bits that only the export tells.
void TestBundle::aTakenRecipeStandsAlone()
{
    QFETCH(QString, name);
    QTemporaryDir folder;
    const QString from = QString::fromStdString(data("brevitas/0.10.2/")) + name, model = folder.filePath("m.pt");
    QVERIFY(QFile::copy(from + ".pt", model));
    QVERIFY(QFile::copy(from + ".qonnx.onnx", folder.filePath("m_qonnx.onnx")));
    const auto beside = openNetwork(model.toStdString());
    QCOMPARE(beside->recipe.takenFrom, std::string("m_qonnx.onnx"));
    std::vector<std::string> layers; // others hold activations alone
    for (const Layer &layer : beside->layers)
        if (const SlotQuantizer *weight = layer.slot(Slot::Weight); weight != nullptr && weight->hasCodes())
            layers.push_back(layer.name);
    const std::string codes = codesOf(*beside, folder.filePath("out"), layers);
    QVERIFY(!codes.empty());
    std::filesystem::remove(folder.filePath("m_qonnx.onnx").toStdString());
    const auto alone = openNetwork(model.toStdString(), folder.filePath("out/recipe.toml").toStdString());
    QVERIFY2(alone.has_value(), alone ? "" : alone.error().text().c_str());
    for (const Layer &layer : beside->layers)
        for (const SlotQuantizer &slot : layer.slots) {
            const SlotQuantizer &again = *alone->layer(layer.name)->slot(slot.slot);
            QVERIFY2(again.assumed == slot.assumed && again.quantizer.has_value() == slot.quantizer.has_value(),
                layer.name.c_str());
            if (slot.quantizer && slot.quantizer->scale)
                QCOMPARE(again.quantizer->scale->values, slot.quantizer->scale->values);
        }
    QCOMPARE(codesOf(*alone, folder.filePath("again"), layers), codes);
}

void TestBundle::saysWhatIsAssumed_data()
{
    QTest::addColumn<std::string>("recipe");
    QTest::addColumn<std::size_t>("assumed");
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("header"); // of conv1
    const auto preset = [](const char *layer, const char *more) {
        return std::string("[[quantizer]]\nmatch = \"") + layer + "\"\nslot = \"weight\"\n"
            + "preset = \"Int8WeightPerTensorFixedPoint\"\n" + more;
    };
    const char *word = "assumed = true\n";
    QTest::newRow("nothing said")
        << std::string() << std::size_t(4) << "bits of 4 of 4 layers are assumed"
        << "in the whole model, bits of 4 of 4 layers are assumed: nobody has confirmed them; in this layer: "
           "weight";
    QTest::newRow("one is said")
        << preset("conv1", "") << std::size_t(3) << "bits of 3 of 4 layers are assumed"
        << "in the whole model, bits of 3 of 4 layers are assumed: nobody has confirmed them; in this layer: none";
    QTest::newRow("said, and not confirmed")
        << preset("conv1", word) << std::size_t(4) << "bits of 4 of 4 layers are assumed"
        << "in the whole model, bits of 4 of 4 layers are assumed: nobody has confirmed them; in this layer: weight";
    QTest::newRow("bits alone are said")
        << std::string("[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 4\n") << std::size_t(4)
        << "bits of 3 of 4 layers are assumed, other fields of 1 more"
        << "in the whole model, bits of 3 of 4 layers are assumed, other fields of 1 more: nobody has "
           "confirmed them; in this layer: weight";
    QTest::newRow("all are said") << preset("*", "") << std::size_t(0) << ""
                                  << "";
    QTest::newRow("all are said, and not confirmed")
        << preset("*", word) << std::size_t(4) << "bits of 4 of 4 layers are assumed"
        << "in the whole model, bits of 4 of 4 layers are assumed: nobody has confirmed them; in this layer: weight";
}

void TestBundle::saysWhatIsAssumed()
{
    QFETCH(std::string, recipe);
    QFETCH(std::size_t, assumed);
    QFETCH(QString, text);
    QFETCH(QString, header);
    QTemporaryDir folder;
    const QString path = copied(folder, "digits_fixed", false);
    if (!recipe.empty())
        QVERIFY(writeAll(folder.filePath("digits_fixed.recipe.toml"), QByteArray::fromStdString(recipe)));
    const auto network = openNetwork(path.toStdString());
    QVERIFY2(network.has_value(), network ? "" : network.error().text().c_str());
    const auto report = exportLayers(*network, requestFor(folder.filePath("out")));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(QString::fromStdString(report->assumed), text);
    const Json manifest = golden(folder.filePath("out/manifest.json").toStdString());
    QCOMPARE(manifest["source"]["assumed"].get<std::size_t>(), assumed);
    std::size_t marked = 0;
    for (const Json &tensor : manifest["tensors"])
        marked += tensor["assumed"].get<bool>() ? 1u : 0u;
    QCOMPARE(marked, assumed);
    const QByteArray line = header.isEmpty() ? QByteArray() : " *   assumed     " + header.toUtf8() + "\n";
    const QByteArray written = readAll(folder.filePath("out/conv1.h"));
    QVERIFY2(header.isEmpty() ? !written.contains(" *   assumed ") : written.contains(line), written.left(1200));
}

/// The count is of what the folder holds, whichever batches it came in.
void TestBundle::growingBatchesCountAll()
{
    QTemporaryDir folder;
    const QString path = copied(folder, "digits_fixed", false);
    const Network network = edited(path, conv1Confirmed);
    const auto counted = [&](std::vector<std::string> layers) {
        return exportLayers(network, requestFor(folder.filePath("out"), std::move(layers)))
            ? golden(folder.filePath("out/manifest.json").toStdString())["source"]["assumed"].get<int>()
            : -1;
    };
    QCOMPARE(counted({"conv1"}), 0);
    QCOMPARE(counted({"fc1"}), 1);
    QCOMPARE(counted({"fc2", "conv1"}), 2);
    QVERIFY(exportLayers(network, requestFor(folder.filePath("once"), {"conv1", "fc1", "fc2"})).has_value());
    QCOMPARE(contents(folder.filePath("out")), contents(folder.filePath("once")));
}

void TestBundle::confirmingChangesNoCode_data()
{
    QTest::addColumn<QString>("stem");
    QTest::addColumn<QByteArray>("recipe");
    QTest::addColumn<std::size_t>("left"); // what no recipe can say
    const QByteArray wildcard
        = "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = \"Int8WeightPerTensorFloat\"\n"
          "bit_width = 5\nassumed = true\n";
    const QByteArray own = "[[quantizer]]\nmatch = \"fc1\"\nslot = \"weight\"\npreset = "
                           "\"Int8WeightPerTensorFloat\"\nassumed = true\n\n[[quantizer]]\nmatch = \"fc1\"\nslot = "
                           "\"weight\"\nbit_width = 3\n\n[[quantizer]]\nmatch = \"fc2\"\nslot = \"weight\"\n"
                           "shared_with = \"fc1\"\nassumed = true\n";
    const QByteArray channels = "[[quantizer]]\nmatch = \"*\"\nslot = \"weight\"\npreset = "
                                "\"Int8WeightPerChannelFloat\"\n"; // along which axis, of a transposed one?
    for (const char *stem : {"digits_fixed", "digits_float"}) {
        QTest::addRow("%s, nothing said", stem) << stem << QByteArray() << std::size_t(0);
        QTest::addRow("%s, a wildcard", stem) << stem << wildcard << std::size_t(0);
        QTest::addRow("%s, own entries and sharing", stem) << stem << own << std::size_t(0);
        QTest::addRow("%s, a kind that only the shape tells", stem) << stem << channels << std::size_t(0);
    }
}

/// Confirming says what is there: the same codes, and afterwards nothing is assumed, also when it is read again.
void TestBundle::confirmingChangesNoCode()
{
    QFETCH(QString, stem);
    QFETCH(QByteArray, recipe);
    QFETCH(std::size_t, left);
    QTemporaryDir folder;
    const QString path = copied(folder, stem.toLatin1(), false);
    const QString beside = folder.filePath(stem + ".recipe.toml");
    if (!recipe.isEmpty())
        QVERIFY(writeAll(beside, recipe));
    const Network before = edited(path, unchanged);
    QVERIFY(unconfirmed(before) > 4);
    const Network after = edited(path,
        [](const Recipe &given, const Network &network) { return withConfirmed(given, network, allSlots(network)); });
    QCOMPARE(unconfirmed(after), left);
    QCOMPARE(codesOf(after, folder.filePath("after")), codesOf(before, folder.filePath("before")));
    QVERIFY(writeAll(beside, QByteArray::fromStdString(recipeToml(after))));
    const auto again = openNetwork(path.toStdString());
    QVERIFY2(again.has_value(), again ? "" : again.error().text().c_str());
    QCOMPARE(unconfirmed(*again), left);
    QCOMPARE(codesOf(*again, folder.filePath("again")), codesOf(before, folder.filePath("before")));
}

/// However often a recipe is written and read, nobody has confirmed anything.
void TestBundle::savingConfirmsNothing()
{
    QTemporaryDir folder;
    const QString path = copied(folder, "digits_float", false), beside = folder.filePath("digits_float.recipe.toml");
    const auto first = openNetwork(path.toStdString());
    const std::size_t open = unconfirmed(*first);
    const std::string assumed = assumedText(countAssumed(*first));
    QVERIFY(open > 0);
    for (int i = 0; i < 3; ++i) {
        const auto network = openNetwork(path.toStdString());
        QVERIFY(writeAll(beside, QByteArray::fromStdString(recipeToml(*network))));
        const auto again = openNetwork(path.toStdString());
        QVERIFY(!again->recipe.path.empty());
        QCOMPARE(unconfirmed(*again), open);
        QCOMPARE(assumedText(countAssumed(*again)), assumed);
    }
}

void TestBundle::anothersRecipeIsSpared()
{
    QTemporaryDir folder;
    const QString path = copied(folder, "digits_fixed", true), mine = folder.filePath("recipe.toml");
    QVERIFY(writeAll(mine, "# years of work\n"));
    const auto network = openNetwork(path.toStdString());
    const auto report = exportLayers(*network, requestFor(folder.path()));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().text(),
        mine.toStdString()
            + ": is not of an export, and the recipe in force would take its place; move it or choose another folder");
    QCOMPARE(readAll(mine), QByteArray("# years of work\n"));
    QVERIFY(!QFile::exists(folder.filePath("conv1.h")));
}

void TestBundle::aContradictedSlotIsRefused()
{
    Network network = threeLayers();
    network.layer("fc")->slots[0].proof = ProofVerdict::Differs;
    network.layer("fc")->slots[0].proofDifference = "4 bits here and 8 in the live model";
    QTemporaryDir folder;
    const auto alone = exportLayers(network, requestFor(folder.path(), {"fc"}));
    QVERIFY(!alone.has_value());
    QCOMPARE(alone.error().kind, ErrorKind::Proof);
    QCOMPARE(alone.error().text(),
        std::string("fc weight is not what the live model computes: 4 bits here and 8 in the live model"));
    QVERIFY(names(folder.path()).isEmpty());
    const auto report = exportLayers(network, requestFor(folder.path()));
    QVERIFY(report.has_value());
    QCOMPARE(report->refused, std::vector<std::string>{"fc weight"});
    QVERIFY(!QFile::exists(folder.filePath("fc.h")) && QFile::exists(folder.filePath("float_.h")));
}

QTEST_GUILESS_MAIN(TestBundle)
#include "tst_bundle.moc"
