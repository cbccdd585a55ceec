#include "open/open_network.h"
#include "report/diff_report.h"
#include "support/onnx_builder.h"
#include "support/onnx_tensor.h"
#include "window_fixture.h"

using namespace quantscope;
using namespace Qt::StringLiterals;

namespace {

QString file(const char *name) { return QString::fromStdString(test::sample(name)); }

/// As `quantscope diff A B` tells it.
QString toldByProgram(const QString &a, const QString &b)
{
    const auto first = openNetwork(a.toStdString()), second = openNetwork(b.toStdString());
    const auto diff = first && second ? diffOf(*first, *second) : Result<ModelDiff>();
    return diff ? QString::fromStdString(diffText(*first, *second, *diff)) : u"cannot be compared"_s;
}

QString difference(const Session &session)
{
    const auto comparison = const_cast<Session &>(session).second().comparison();
    return comparison ? QString::fromStdString(diffText(*comparison->a, *comparison->b, comparison->diff)) : QString();
}

} // namespace

/// Which files, recipe and part the second model is of, and when that changes.
class SecondChoicesTest : public QObject, public test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { Settings::setVolatile(); }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
    }
    void cleanup() { m_window.reset(); }

    /// A change of the second's file is told as one of the first is, and read when somebody asks.
    void changesOnDisk()
    {
        const QString second = m_folder->filePath(u"second.pt"_s);
        QVERIFY(QFile::copy(file("digits_fixed.pt"), second));
        compare(file("digits_fixed.pt"), second);
        const QString before = label("second-state");
        QVERIFY(button("second-again")->isHidden());
        QVERIFY(QFile::copy(file("digits_float.pt"), second + u".new"_s));
        QVERIFY(QFile::remove(second) && QFile::rename(second + u".new"_s, second));
        QTRY_COMPARE(label("second-state"), u"▲ changed on disk since it was read: "_s + before);
        QVERIFY(!button("second-again")->isHidden());
        QCOMPARE(button("second-again")->text(), u"Read again"_s);
        QVERIFY(!session().changedOnDisk());
        button("second-again")->click();
        QVERIFY(QTest::qWaitFor([&] { return !session().second().running(); }));
        QCOMPARE(difference(session()), toldByProgram(file("digits_fixed.pt"), second));
        QCOMPARE(
            label("second-state"), u"8 of 8 layers changed; assumed in 8 of 12 slots of the second"_s); // no recipe
        QVERIFY(button("second-again")->isHidden());
        session().second().close();
        QVERIFY(QFile::remove(second));
        QTest::qWait(50);
        QVERIFY(!session().second().changedOnDisk());
    }

    /// Also a file that a model was read without: data of its tensors beside it.
    void tensorFilesOnDisk()
    {
        const QString model = m_folder->filePath(u"e.onnx"_s), data = m_folder->filePath(u"w.bin"_s);
        const std::string bytes = test::OnnxBuilder()
                                      .input("x")
                                      .output("y")
                                      .initializer(test::proto::external("w", 1, {2, 2}, "w.bin", 0))
                                      .node("MatMul", {"x", "w"}, {"y"})
                                      .model();
        write(model, QByteArray::fromStdString(bytes));
        compare(m_model, model);
        QVERIFY(button("second-again")->isHidden());
        write(data, QByteArray(16, '\0'));
        QTRY_VERIFY(session().second().changedOnDisk());
        m_window->open(model);
        QVERIFY(
            QTest::qWaitFor([&] { return session().path() == model && session().state() == Session::State::Ready; }));
        QVERIFY(!button("reload")->isVisible());
        write(data, QByteArray(16, '\1'));
        QTRY_VERIFY(session().changedOnDisk() && button("reload")->isVisible());
        run(u"F5"_s);
        QTRY_VERIFY(!session().changedOnDisk());
        QVERIFY(QFile::remove(data));
        QTRY_VERIFY(session().changedOnDisk());
        run(u"F5"_s);
        QTRY_VERIFY(!session().changedOnDisk());
        write(data, QByteArray(16, '\2'));
        QTRY_VERIFY(session().changedOnDisk());
    }

    /// Another set of weights of the second's file is compared, and the first's stays.
    void partOfTheSecond()
    {
        const QString first = m_folder->filePath(u"a.pt"_s), second = m_folder->filePath(u"b.pt"_s);
        for (const QString &path : {first, second})
            QVERIFY(QFile::copy(QString::fromStdString(test::data("field/ema.pt")), path));
        compare(first, second);
        QCOMPARE(chosenInMenu(), (QStringList{u"The one beside it"_s, u"model"_s}));
        QCOMPARE(label("second-state"),
            u"the layer is the same; assumed in 1 of 1 slots of the first, 1 of 1 slots of the second"_s);
        for (const char *part : {"ema", "model"}) {
            trigger(QLatin1String(part));
            const auto a = openNetwork(str(first)), b = openNetwork(str(second), {}, false, {}, part);
            QVERIFY(a && b && waitForDiff());
            QCOMPARE(difference(session()), QString::fromStdString(diffText(*a, *b, *diffOf(*a, *b))));
            QCOMPARE(chosenInMenu(), (QStringList{u"The one beside it"_s, QLatin1String(part)}));
            QCOMPARE(session().shownPart(), 0);
        }
        trigger(u"ema"_s);
        QVERIFY(waitForDiff());
        const QString told = difference(session());
        run(u"F5"_s);
        QVERIFY(QTest::qWaitFor([&] { return session().second().comparison() == nullptr; }));
        QVERIFY(waitForDiff());
        QTRY_COMPARE(difference(session()), told);
        QCOMPARE(session().second().shownPart(), 1);
    }

    /// The second's recipe is chosen apart from the first's, kept for its file, and told when it cannot be used.
    void recipeOfTheSecond()
    {
        const QString first = file("digits_fixed.pt"), recipe = m_folder->filePath(u"r.toml"_s),
                      broken = m_folder->filePath(u"broken.toml"_s);
        QVERIFY(QFile::copy(file("digits_fixed.recipe.toml"), recipe));
        write(broken, "[[quantizer]\n");
        compare(first, m_model);
        const QString assumed = label("second-state");
        QCOMPARE(difference(session()), toldByProgram(first, m_model));
        session().second().useRecipe(RecipeChoice::Chosen, recipe);
        QVERIFY(waitForDiff());
        const auto a = openNetwork(str(first)), b = openNetwork(str(m_model), str(recipe));
        QVERIFY(a && b);
        QCOMPARE(difference(session()), QString::fromStdString(diffText(*a, *b, *diffOf(*a, *b))));
        QCOMPARE(label("second-state"), u"all 8 layers are the same"_s);
        QCOMPARE(chosenInMenu(), QStringList{u"r.toml"_s});
        QCOMPARE(session().recipePath(), file("digits_fixed.recipe.toml")); // the first's
        session().second().close();
        session().second().open(m_model); // as it was chosen
        QVERIFY(waitForDiff());
        QCOMPARE(label("second-state"), u"all 8 layers are the same"_s);
        write(recipe, "brevitas = \"0.10.2\"\n"); // its change is a change of the second
        QTRY_COMPARE(label("second-state"), u"▲ changed on disk since it was read: all 8 layers are the same"_s);
        session().second().useRecipe(RecipeChoice::Chosen, broken);
        QTRY_COMPARE(label("second-state").left(2), u"■ "_s);
        const auto wrong = openNetwork(str(m_model), str(broken));
        QVERIFY(!wrong);
        QCOMPARE(label("second-state"), u"■ "_s + shownText(wrong.error().text()));
        trigger(u"None"_s);
        QVERIFY(waitForDiff());
        QCOMPARE(chosenInMenu(), QStringList{u"None"_s});
        QCOMPARE(label("second-state"), assumed);
    }

    /// Merging a batch norm is an edit like others: it is compared anew, and both sides can have it.
    void mergedBatchNorms()
    {
        const QString first = m_folder->filePath(u"a.pt"_s), second = m_folder->filePath(u"b.pt"_s),
                      recipe = m_folder->filePath(u"merged.toml"_s);
        for (const QString &path : {first, second})
            QVERIFY(QFile::copy(QString::fromStdString(test::data("batch_norm/unmerged.pt")), path));
        write(recipe, "[[layer]]\nmatch = \"conv\"\nbatch_norm = \"bn1\"\n");
        compare(first, second);
        const QString same = label("second-state");
        QVERIFY2(same.startsWith(u"all "_s), qPrintable(same));
        edit([&] { session().setBatchNormsMerged({u"conv"_s}, true); });
        const auto b = openNetwork(str(second)), merged = openNetwork(str(second), str(recipe));
        QVERIFY(b && merged);
        QCOMPARE(difference(session()),
            QString::fromStdString(diffText(*session().network(), *b, *diffOf(*session().network(), *b))));
        session().second().useRecipe(RecipeChoice::Chosen, recipe);
        QVERIFY(waitForDiff());
        QCOMPARE(label("second-state"), same);
        edit([&] { session().undoStack().undo(); });
        QCOMPARE(difference(session()),
            QString::fromStdString(diffText(*session().network(), *merged, *diffOf(*session().network(), *merged))));
        QVERIFY(label("second-state") != same);
    }

    /// A zero point on one side, and codes without floats on the other.
    void zeroPointsAndCodesAlone()
    {
        compare(file("digits_fixed.pt"), file("digits_fixed_qcdq.onnx"));
        edit([&] { session().applyChoices({{"conv1", Slot::Weight, "torch_per_tensor_affine", {}}}, u"conv1"_s); });
        const auto b = openNetwork(str(file("digits_fixed_qcdq.onnx")));
        QVERIFY(b);
        QCOMPARE(difference(session()),
            QString::fromStdString(diffText(*session().network(), *b, *diffOf(*session().network(), *b))));
        QStringList shown, expected;
        for (const char *layer : {"conv1", "conv2", "relu1"}) {
            session().selectLayers({QLatin1String(layer)});
            for (const PageRow &row : pageTable()) { // every page of such a pair
                m_window->showPage(row.id);
                m_window->pages()->page(row.id)->refreshNow();
            }
            const auto comparison = session().second().comparison();
            const SlotDifference *difference = comparison->of(session().currentSlot().id());
            QVERIFY(difference);
            shown << u"%1: %2 | %3"_s.arg(QLatin1String(layer), label("difference-sign"), label("difference"));
            expected << u"%1: %2 | %3"_s.arg(QLatin1String(layer),
                difference->state == SlotState::Same ? u"A = B"_s : u"A ≠ B"_s,
                differenceText(*comparison, *difference).replace(u'\n', u" · "_s));
        }
        QCOMPARE(shown, expected);
        QCOMPARE(shown.first().section(u" · "_s, 0, 3),
            u"conv1: A ≠ B | weight: 143 of 144 codes changed (99.3 %), first [0, 0, 0, 0], largest change 56 · weight "
            "narrow: false → true · weight scale: 0.004546748 → 2⁻⁷ · weight zero_point: −4 → 0"_s);
        QVERIFY(shown[1].startsWith(u"conv2: A = B | "_s));
    }

private:
    /// A result of what is shown and what was read last.
    bool waitForDiff()
    {
        return QTest::qWaitFor(
            [this] {
                return session().state() == Session::State::Ready && !session().second().running()
                    && session().second().comparison();
            },
            20000);
    }
    void edit(const std::function<void()> &change)
    {
        const auto before = session().network();
        change();
        QVERIFY(QTest::qWaitFor([&] { return session().network() != before; }, 20000) && waitForDiff());
    }
    QMenu *menu()
    {
        QMenu *menu = button("second-more")->menu();
        Q_EMIT menu->aboutToShow();
        return menu;
    }
    QStringList chosenInMenu()
    {
        QStringList out;
        for (const QAction *one : menu()->actions())
            if (one->isChecked())
                out << one->text();
        return out;
    }
    void trigger(const QString &text)
    {
        for (QAction *one : menu()->actions())
            if (one->text() == text)
                return one->trigger();
        QFAIL("no such entry");
    }
    bool waitForComparison()
    {
        return QTest::qWaitFor([this] { return session().second().comparison() != nullptr; }, 20000);
    }
    void compare(const QString &a, const QString &b)
    {
        m_window->open(a);
        QVERIFY(QTest::qWaitFor([&] {
            return session().path() == a && session().state() == Session::State::Ready && session().statistics().idle();
        }));
        session().second().open(b);
        QVERIFY(waitForComparison());
    }
};

QTEST_MAIN(SecondChoicesTest)
#include "tst_second_choices.moc"
