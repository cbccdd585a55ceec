#include "dialects/brevitas/recipe_edits.h"
#include "quant/fixed_point.h"
#include "support.h"

#include <QSignalSpy>

using namespace quantscope;
using namespace Qt::StringLiterals;

class SessionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        Settings::clearRecent();
    }

    void listsBeforeItKnows()
    {
        Session session;
        QList<Session::State> states;
        connect(&session, &Session::stateChanged, this, [&] { states << session.state(); });
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        QVERIFY(states.indexOf(Session::State::Listed) < states.indexOf(Session::State::Ready));
        QCOMPARE(states.first(), Session::State::Loading);
        QCOMPARE(session.currentLayer()->name, std::string("conv1"));
        QVERIFY(!session.recipeAssumed());
        const auto recent = Settings::recentFiles();
        QCOMPARE(recent.size(), std::size_t(1));
        QVERIFY(recent[0].path.endsWith(u"digits_fixed.pt"));
        QVERIFY(!recent[0].warning);
    }

    void lastOpenedWins()
    {
        Session session;
        session.open(QString::fromStdString(test::sample("digits_float.pt")));
        session.open(QString::fromStdString(test::sample("digits_fixed.pt")));
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        QTest::qWait(50);
        QVERIFY(session.network()->file->path.ends_with("digits_fixed.pt"));
    }

    void saysWhatIsWrong_data()
    {
        QTest::addColumn<QString>("name");
        QTest::addColumn<QByteArray>("content");
        QTest::newRow("not a model") << u"notes.pt"_s << QByteArray("hello, this is text");
        QTest::newRow("empty") << u"empty.onnx"_s << QByteArray();
        QTest::newRow("cut zip") << u"cut.pt"_s << QByteArray("PK\3\4 and no more");
    }
    void saysWhatIsWrong()
    {
        QFETCH(QString, name);
        QFETCH(QByteArray, content);
        QTemporaryDir folder;
        QFile file(folder.filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(content);
        file.close();
        Session session;
        session.open(file.fileName());
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Failed; }));
        QVERIFY2(session.errorText().contains(name), qPrintable(session.errorText()));
        QVERIFY(!session.network());
        QVERIFY(Settings::recentFiles().empty());
    }

    void destroyedWhileReading()
    {
        for (int i = 0; i < 5; ++i) {
            Session session;
            session.open(QString::fromStdString(test::sample("digits_fixed.pt")));
            QTest::qWait(i);
        }
    }

    void noticesAChange()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        QVERIFY(session.recipeAssumed());
        QFile file(path);
        QVERIFY(file.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        QVERIFY(file.open(QIODevice::Append));
        file.write("x");
        file.close();
        QVERIFY(QTest::qWaitFor([&] { return session.changedOnDisk(); }));
        session.selectLayers({u"fc1"_s});
        session.reload();
        QVERIFY(QTest::qWaitFor(
            [&] { return session.state() == Session::State::Ready || session.state() == Session::State::Failed; }));
        if (session.state() == Session::State::Ready)
            QCOMPARE(session.selectedLayers(), QStringList{u"fc1"_s});
    }

    /// Choosing the preset that trained the sample gives its scale; undo and redo go back and forth.
    void presetsCanBeChosenAndUndone()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        const auto fraction = [&] {
            return fractionalBits(session.network()->layer("conv1")->slot("weight")->quantizer->scale->values[0]);
        };
        QVERIFY(fraction() != 7);
        session.applyChoices({{"conv1", Slot::Weight, "Int8WeightPerTensorFixedPoint", {}}}, u"fixed point"_s);
        QVERIFY(QTest::qWaitFor([&] { return fraction() == 7; }));
        QVERIFY(session.recipeEdited());
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return fraction() != 7; }));
        session.undoStack().redo();
        QVERIFY(QTest::qWaitFor([&] { return fraction() == 7; }));

        const QString saved = folder.filePath(u"m.recipe.toml"_s);
        QCOMPARE(session.saveRecipe(saved), QString());
        Session again;
        QVERIFY(test::openAndWait(again, str(path)));
        QCOMPARE(fractionalBits(again.network()->layer("conv1")->slot("weight")->quantizer->scale->values[0]),
            std::optional(7));
    }

    void savingKeepsTheFilesText()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        QVERIFY(QFile::copy(
            QString::fromStdString(test::sample("digits_fixed.recipe.toml")), folder.filePath(u"m.recipe.toml"_s)));
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        session.applyChoices({{"fc2", Slot::Weight, "Int8WeightPerTensorFloat", {}}}, u"per tensor"_s);
        session.applyChoices({{"fc2", Slot::Weight, "Int8WeightPerChannelFloat", {}}},
            u"per channel"_s); // the second replaces the first
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("fc2")->slot("weight")->preset == "Int8WeightPerChannelFloat"; }));
        const QString saved = folder.filePath(u"out.toml"_s);
        QCOMPARE(session.saveRecipe(saved), QString());
        QFile before(QString::fromStdString(test::sample("digits_fixed.recipe.toml")));
        QFile after(saved);
        QVERIFY(before.open(QIODevice::ReadOnly) && after.open(QIODevice::ReadOnly));
        const QByteArray old = before.readAll();
        const QByteArray text = after.readAll();
        QVERIFY(text.startsWith(old));
        QCOMPARE(text.mid(old.size()),
            QByteArray(
                "\n[[quantizer]]\nmatch = \"fc2\"\nslot = \"weight\"\npreset = \"Int8WeightPerChannelFloat\"\n"));
    }

    void recipeChoiceIsKept()
    {
        Session session;
        const std::string path = test::sample("digits_fixed.pt");
        QVERIFY(test::openAndWait(session, path));
        session.useRecipe(Session::RecipeChoice::None);
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        QVERIFY(session.recipeAssumed());
        Session later;
        QVERIFY(test::openAndWait(later, path));
        QCOMPARE(later.recipeChoice(), Session::RecipeChoice::None);
        later.useRecipe(Session::RecipeChoice::Beside);
        QVERIFY(QTest::qWaitFor([&] { return later.state() == Session::State::Ready; }));
        QVERIFY(!later.recipeAssumed());
    }

    /// A tensor of many pieces is known in part before it is known whole.
    void statisticsGrow()
    {
        constexpr std::int64_t total = 12'000'000;
        auto tensor = std::make_shared<TensorInfo>();
        tensor->name = "big.weight";
        tensor->dtype = DType::Float32;
        tensor->shape = {4, total / 4};
        tensor->storage.bytes = total * sizeof(float);
        tensor->storage.source = std::make_shared<MemorySource>(std::vector<std::byte>(total * sizeof(float)));
        SlotQuantizer slot;
        slot.slot = Slot::Weight;
        slot.tensor = tensor;
        slot.shape = tensor->shape;
        slot.quantizer.emplace();
        slot.quantizer->bitWidth = 4;
        slot.quantizer->isSigned = true;
        slot.quantizer->narrow = false;
        slot.quantizer->scale = slot.quantizer->zeroPoint = Granular{{}, {}, {0.0f}};
        slot.quantizer->scale->values = {1.0f};
        auto network = std::make_shared<Network>();
        network->file = std::make_shared<const ModelFile>();
        network->layers.emplace_back().name = "big";
        network->layers[0].slots.push_back(slot);
        StatisticsStore store;
        std::vector<std::uint64_t> counts;
        connect(&store, &StatisticsStore::grown, this, [&] {
            QVERIFY(store.soFar({layerId(0), Slot::Weight}));
            counts.push_back(store.soFar({layerId(0), Slot::Weight})->count);
            QCOMPARE(store.soFar({layerId(0), Slot::Weight})->codes.bins[8], counts.back()); // every code is 0
        });
        store.setNetwork(network);
        QVERIFY(!store.get({layerId(0), Slot::Weight}));
        QVERIFY(QTest::qWaitFor([&] { return store.idle(); }));
        QVERIFY(!counts.empty());
        QVERIFY(std::is_sorted(counts.begin(), counts.end()));
        QVERIFY(counts.back() < std::uint64_t(total) && counts.front() >= (1u << 22));
        QVERIFY(!store.soFar({layerId(0), Slot::Weight}));
        QCOMPARE(store.get({layerId(0), Slot::Weight})->count, std::uint64_t(total));
    }

    /// An edit of one layer costs that layer: the others keep their statistics, as the same objects.
    void editsKeepTheStatisticsOfOthers()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        const StatisticsMap before = session.inspection().statistics;
        QCOMPARE(before.size(), std::size_t{8});
        QStringList ready;
        connect(&session.statistics(), &StatisticsStore::ready, this,
            [&](const QString &layer, const QString &slot) { ready << layer + u' ' + slot; });
        session.applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QVERIFY(QTest::qWaitFor([&] {
            return session.network()->layer("conv2")->slot("weight")->quantizer->bitWidth == 5
                && session.statistics().idle();
        }));
        ready.sort();
        QCOMPARE(ready, (QStringList{u"conv2 bias"_s, u"conv2 weight"_s}));
        const StatisticsMap &after = session.inspection().statistics;
        QCOMPARE(after.size(), before.size());
        for (const auto &[key, statistics] : after)
            QCOMPARE(statistics == before.at(key), session.network()->layer(key.layer).name != "conv2");
        QCOMPARE(session.inspection().network, session.network());
    }

    /// A recipe beside an ONNX file belongs to the checkpoint of that name; one that is chosen is said to do nothing.
    void graphsTakeNoRecipe()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.onnx"_s), recipe = folder.filePath(u"m.recipe.toml"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed_qonnx.onnx")), path));
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.recipe.toml")), recipe));
        const auto unused = [](const Session &session) {
            const auto &all = session.inspection().diagnostics;
            return std::count_if(all.begin(), all.end(), [](const Diagnostic &d) { return d.rule == "recipe-unused"; });
        };
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        QCOMPARE(session.recipePath(), QString());
        QCOMPARE(unused(session), 0);
        Session chosen;
        QVERIFY(test::openAndWait(chosen, str(path), recipe));
        QCOMPARE(chosen.recipePath(), recipe);
        QCOMPARE(unused(chosen), 1);
    }

    /// The weights with the batch norm merged are a view that can be taken back.
    void batchNormsMerge()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::data("torch/zip/state_dict.pt")));
        session.selectLayers({u"conv1"_s});
        const float stored = session.currentSlot().slot->quantizer->scale->values[0];
        session.setBatchNormsMerged({u"conv1"_s}, true);
        QVERIFY(QTest::qWaitFor([&] { return session.network()->layer("conv1")->batchNormMerged; }));
        QVERIFY(session.currentSlot().slot->quantizer->scale->values[0] != stored);
        QVERIFY(session.recipeEdited());
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor([&] { return !session.network()->layer("conv1")->batchNormMerged; }));
        QCOMPARE(session.currentSlot().slot->quantizer->scale->values[0], stored);
        QVERIFY(!session.recipeEdited());
    }

    /// What is changed of an entry that the file has stands where it stood.
    void savingChangesEntriesInPlace()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s), recipe = folder.filePath(u"m.recipe.toml"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.recipe.toml")), recipe));
        QFile before(recipe);
        QVERIFY(before.open(QIODevice::ReadOnly));
        QByteArray wanted = before.readAll();
        const qsizetype fc1 = wanted.indexOf("match = \"fc1\"\nslot = \"weight\"");
        wanted.replace(wanted.indexOf("bit_width = 4", fc1), 13, "bit_width = 5");
        Session session;
        QVERIFY(test::openAndWait(session, str(path)));
        session.applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QVERIFY(
            QTest::qWaitFor([&] { return session.network()->layer("fc1")->slot("weight")->quantizer->bitWidth == 5; }));
        QCOMPARE(session.saveRecipe(recipe), QString());
        QFile after(recipe);
        QVERIFY(after.open(QIODevice::ReadOnly));
        QCOMPARE(after.readAll(), wanted);
    }

    /// Edits made faster than they are computed build on each other.
    void quickEditsAddUp()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.applyChoices({{"conv1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"first"_s);
        session.applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "4"}}}}, u"second"_s);
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv2")->slot("weight")->quantizer->bitWidth == 4; }));
        QCOMPARE(session.network()->layer("conv1")->slot("weight")->quantizer->bitWidth, std::optional(5));
        session.undoStack().undo();
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv2")->slot("weight")->quantizer->bitWidth == 6; }));
        QCOMPARE(session.network()->layer("conv1")->slot("weight")->quantizer->bitWidth, std::optional(5));
    }

    /// An edit that the model cannot have leaves recipe and history as they were.
    void impossibleEditsAreTakenBack()
    {
        Session session;
        QVERIFY(test::openAndWait(session, test::sample("digits_fixed.pt")));
        session.applyChoices({{"conv1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"possible"_s);
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv1")->slot("weight")->quantizer->bitWidth == 5; }));
        QSignalSpy failed(&session, &Session::failed);
        session.applyChoices({{"conv1", Slot::Weight, {}, {{"bit_width", "many"}}}}, u"impossible"_s);
        QVERIFY(QTest::qWaitFor([&] { return failed.count() == 1 && session.undoStack().count() == 1; }));
        session.applyChoices({{"conv2", Slot::Weight, {}, {{"bit_width", "4"}}}}, u"after it"_s);
        QVERIFY(QTest::qWaitFor(
            [&] { return session.network()->layer("conv2")->slot("weight")->quantizer->bitWidth == 4; }));
        QCOMPARE(session.network()->layer("conv1")->slot("weight")->quantizer->bitWidth, std::optional(5));
    }

    /// Nothing drops unsaved edits without asking, and no saving drops what others wrote unsaid.
    void editsAreGuarded()
    {
        QTemporaryDir folder;
        const QString path = folder.filePath(u"m.pt"_s), recipe = folder.filePath(u"m.recipe.toml"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.pt")), path));
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_fixed.recipe.toml")), recipe));
        Session session;
        int asked = 0;
        bool may = false;
        session.setDiscardGuard([&] {
            ++asked;
            return may;
        });
        QVERIFY(test::openAndWait(session, str(path)));
        session.reload();
        QCOMPARE(asked, 0); // nothing to lose
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Ready; }));
        session.applyChoices({{"fc1", Slot::Weight, {}, {{"bit_width", "5"}}}}, u"five bits"_s);
        QVERIFY(
            QTest::qWaitFor([&] { return session.network()->layer("fc1")->slot("weight")->quantizer->bitWidth == 5; }));
        session.useRecipe(Session::RecipeChoice::Beside); // it is: a click that changes nothing asks nothing
        QCOMPARE(asked, 0);
        session.reload();
        session.close();
        session.useRecipe(Session::RecipeChoice::None);
        session.open(QString::fromStdString(test::sample("digits_float.pt")));
        QCOMPARE(asked, 4);
        QCOMPARE(session.path(), path);
        QCOMPARE(session.recipeChoice(), Session::RecipeChoice::Beside);
        QVERIFY(session.recipeEdited());

        QVERIFY(!session.recipeOverwritten());
        QFile file(recipe);
        QVERIFY(file.open(QIODevice::Append));
        file.write("# a colleague's word\n");
        file.close();
        QVERIFY(session.recipeOverwritten());
        QVERIFY(QTest::qWaitFor([&] { return session.changedOnDisk(); }));
        QCOMPARE(session.saveRecipe(recipe), QString());
        QVERIFY(!session.recipeEdited());
        session.close();
        QCOMPARE(asked, 4);
        QCOMPARE(session.state(), Session::State::Empty);
    }

    void badRecipeIsNamed()
    {
        QTemporaryDir folder;
        QFile recipe(folder.filePath(u"bad.toml"_s));
        QVERIFY(recipe.open(QIODevice::WriteOnly));
        recipe.write("[[quantizer]]\nmatch = \"*\"\npreset = \"Int9\"\n");
        recipe.close();
        Session session;
        session.open(QString::fromStdString(test::sample("digits_fixed.pt")), recipe.fileName());
        QVERIFY(QTest::qWaitFor([&] { return session.state() == Session::State::Failed; }));
        QVERIFY2(session.errorText().contains(u"bad.toml") && session.errorText().contains(u"Int9"),
            qPrintable(session.errorText()));
    }
};

QTEST_MAIN(SessionTest)
#include "tst_session.moc"
