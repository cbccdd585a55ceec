#include "dialects/brevitas/recipe_words.h"
#include "export/export_folder.h"
#include "network/flow_builder.h"
#include "network/joins.h"
#include "support/golden.h"
#include "support/paths.h"

#include <QTemporaryDir>

using namespace quantscope;
using namespace quantscope::test;
using Json = nlohmann::json;

class TestManifest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void manifestNamesWhatIsThere();
    void manifestGrowsWithEveryExport();
    void joinsChangeNothing();
    void manifestDropsWhatChanged();
    void earlierManifests_data();
    void earlierManifests();
    void sourceIsNamedAndHashed();
    void editedRecipesAreWritten();
    void savedEditsAreTheFileAgain();
};

void TestManifest::manifestNamesWhatIsThere()
{
    QTemporaryDir folder;
    const auto report = exportLayers(threeLayers(), requestFor(folder.path(), {}, "ohwi"));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(
        names(folder.path()), (QStringList{"block_0.h", "fc.h", "float_.h", "manifest.json", "quantscope_fixed.h"}));

    const Json manifest = golden(folder.filePath("manifest.json").toStdString());
    QCOMPARE(manifest["schema"], Json(1));
    QCOMPARE(manifest["files"].size(), 4u);
    for (const Json &file : manifest["files"])
        QCOMPARE(file["sha256"].get<std::string>(),
            sha(readAll(folder.filePath(QString::fromStdString(file["path"])))).toStdString());
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
    QCOMPARE(manifest["renamed"],
        Json::parse(R"([{"layer":"block.0","identifier":"block_0"},{"layer":"float","identifier":"float_"}])"));
    QVERIFY(contains(report->notes, "'float' is written as float_"));
    QVERIFY(!contains(report->notes, "block.0"));
}

/// However the folder came to be, its manifest is that of one export of everything.
void TestManifest::manifestGrowsWithEveryExport()
{
    QTemporaryDir once, thrice;
    QVERIFY(exportLayers(threeLayers(), requestFor(once.path())).has_value());
    for (const char *layer : {"fc", "block.0", "float", "block.0"})
        QVERIFY(exportLayers(threeLayers(), requestFor(thrice.path(), {layer})).has_value());
    QCOMPARE(contents(thrice.path()), contents(once.path()));
}

/// What meets where says nothing of stored weights: the same files, whether or not the inputs of an Add disagree.
void TestManifest::joinsChangeNothing()
{
    Network network = threeLayers();
    FlowBuilder builder;
    for (std::size_t at = 0; at < network.layers.size(); ++at) {
        network.layers[at].id = layerId(at);
        SlotQuantizer output;
        output.slot = Slot::Output;
        output.quantizer = storedQuantizer(8, true, at == 0 ? 0x1p-6f : 0x1p-5f);
        network.layers[at].slots.push_back(output);
        builder.add({.kind = FlowNode::Kind::Layer, .layer = network.layers[at].id, .name = network.layers[at].name});
    }
    QTemporaryDir apart, joined;
    QVERIFY(exportLayers(network, requestFor(apart.path())).has_value());
    const FlowNodeId add = builder.add({.opType = "Add"}), first{0}, second{1}, third{2};
    for (const FlowNodeId from : {first, second})
        builder.connect({.from = from,
            .to = add,
            .use = FlowUse::Sums,
            .quantizer = SlotId{layerId(position(from)), Slot::Output}});
    builder.connect({.from = add, .to = third});
    network.flow = builder.build();
    QCOMPARE(disagreeingJoins(network).size(), std::size_t(1));
    QVERIFY(exportLayers(network, requestFor(joined.path())).has_value());
    QCOMPARE(contents(joined.path()), contents(apart.path()));
}

void TestManifest::manifestDropsWhatChanged()
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

void TestManifest::earlierManifests_data()
{
    QTest::addColumn<QByteArray>("earlier");
    QTest::addColumn<bool>("noted");
    QTest::newRow("none") << QByteArray() << false;
    QTest::newRow("not JSON") << QByteArray("{\"schema\": 1, ") << true;
    QTest::newRow("another program's") << QByteArray(R"({"name": "app", "icons": []})") << true;
    QTest::newRow("wrong types") << QByteArray(R"({"schema": 1, "source": 3, "tensors": [1], "files": {}})") << true;
    QTest::newRow("deeply nested") << QByteArray(100000, '[') << true;
    QTest::newRow("another source") << QByteArray(
        R"({"schema": 1, "source": {"file": "x.pt"}, "tensors": [], "files": []})")
                                    << true;
    QTest::newRow("outside the folder") << QByteArray(
        R"({"schema": 1, "source": {"file": null, "sha256": null, "recipe_sha256": null}, "tensors": [],
                          "files": [{"path": "../../etc/passwd", "sha256": ""}, {"path": 7}, {}]})")
                                        << true;
}

void TestManifest::earlierManifests()
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

void TestManifest::sourceIsNamedAndHashed()
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
    QVERIFY(header.contains("model.pt\n") && header.contains(sha("some bytes"))
        && !header.contains(folder.path().toUtf8()));

    // The file was replaced by another one since it was opened.
    QVERIFY(writeAll(folder.filePath("model.pt"), "other, longer bytes"));
    const auto report = exportLayers(network, requestFor(folder.filePath("out")));
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().kind, ErrorKind::Io);
    QCOMPARE(readAll(folder.filePath("out/fc.h")), header);
}

namespace {

/// A recipe as the window has it after an edit of conv1: read from `path`, one keyword changed since.
Recipe editedRecipe(const QString &path, const char *bits)
{
    auto recipe = loadRecipe(path.toStdString());
    recipe->quantizers[0].overrides = {{"bit_width", bits}};
    recipe->quantizers[0].edited = true;
    return *recipe;
}

constexpr const char *kRecipe = "[[quantizer]]\nmatch = \"conv1\"\nslot = \"weight\"\nbit_width = 8\n";

} // namespace

/// Codes under an edit that nobody saved do not come from the file that was read.
void TestManifest::editedRecipesAreWritten()
{
    QTemporaryDir folder;
    const QString path = folder.filePath("m.recipe.toml");
    QVERIFY(writeAll(path, kRecipe));
    Network network = threeLayers();
    network.recipe = *loadRecipe(path.toStdString());
    const auto source = [&] { return golden(folder.filePath("out/manifest.json").toStdString())["source"]; };
    QVERIFY(exportLayers(network, requestFor(folder.filePath("out"))).has_value());
    QCOMPARE(source()["recipe_sha256"].get<std::string>(), sha(kRecipe).toStdString());
    QVERIFY(!source().contains("recipe_edited"));
    QCOMPARE(readAll(folder.filePath("out/recipe.toml")), QByteArray(kRecipe));

    const QByteArray expected = QByteArray(kRecipe).replace("8", "6");
    network.recipe = editedRecipe(path, "6");
    const auto report = exportLayers(network, requestFor(folder.filePath("out"), {"fc"}));
    QVERIFY2(report.has_value(), report ? "" : report.error().text().c_str());
    QCOMPARE(readAll(folder.filePath("out/recipe.toml")), expected);
    QCOMPARE(source()["recipe_sha256"].get<std::string>(), sha(expected).toStdString());
    QCOMPARE(source()["recipe_edited"], Json(true));
    QVERIFY(readAll(folder.filePath("out/fc.h"))
                .contains("sha256 " + sha(expected) + ", recipe.toml beside this file; edited, not saved\n"));
    // What the recipe before the edit gave is no part of the same batch.
    QVERIFY(contains(report->notes, "belongs to another file or recipe"));
    const Json files = golden(folder.filePath("out/manifest.json").toStdString())["files"];
    QCOMPARE(files.size(), 3u);
    QCOMPARE(files[1]["path"], Json("recipe.toml"));
    QCOMPARE(files[1]["format"], Json("recipe"));
    const auto preview = previewExport(network, requestFor({}, {"fc"}), 2);
    QCOMPARE((*preview)[1].second, std::string("[[quantizer]]\nmatch = \"conv1\"\n"));

    // Nor is another edit.
    network.recipe = editedRecipe(path, "5");
    const auto other = exportLayers(network, requestFor(folder.filePath("out"), {"float"}));
    QVERIFY(other.has_value());
    QVERIFY(contains(other->notes, "belongs to another file or recipe"));
}

void TestManifest::savedEditsAreTheFileAgain()
{
    QTemporaryDir folder;
    const QString path = folder.filePath("m.recipe.toml");
    QVERIFY(writeAll(path, kRecipe));
    Network network = threeLayers();
    network.recipe = editedRecipe(path, "6");
    const QByteArray saved = "# as trained\n" + QByteArray(kRecipe).replace("8", "6");
    QVERIFY(writeAll(path, saved));
    QVERIFY(exportLayers(network, requestFor(folder.filePath("out"))).has_value());
    const Json source = golden(folder.filePath("out/manifest.json").toStdString())["source"];
    QCOMPARE(source["recipe_sha256"].get<std::string>(), sha(saved).toStdString());
    QVERIFY(!source.contains("recipe_edited"));
    QCOMPARE(readAll(folder.filePath("out/recipe.toml")), saved);

    // Somebody else wrote the file since: what is in force is in no file any more.
    QVERIFY(writeAll(path, QByteArray(kRecipe).replace("8", "3")));
    QVERIFY(exportLayers(network, requestFor(folder.filePath("out"))).has_value());
    const Json later = golden(folder.filePath("out/manifest.json").toStdString())["source"];
    QCOMPARE(later["recipe_edited"], Json(true));
    QCOMPARE(readAll(folder.filePath("out/recipe.toml")), QByteArray(kRecipe).replace("8", "6"));
}

QTEST_GUILESS_MAIN(TestManifest)
#include "tst_manifest.moc"
