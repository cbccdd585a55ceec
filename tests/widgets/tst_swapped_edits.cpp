#include "dialects/brevitas/recipe_edits.h"
#include "look/theme.h"
#include "open/open_network.h"
#include "report/diff_report.h"
#include "window_fixture.h"

#include <QFileDialog>

using namespace quantscope;
using namespace Qt::StringLiterals;

/// Two models that change places while one of them has edits or proposals.
class SwappedEditsTest : public QObject, protected test::WindowFixture {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        Settings::setVolatile();
        Theme::instance().apply(ThemeChoice::Light);
    }
    void init()
    {
        test::failOnWarnings();
        makeWindow();
        m_other = m_folder->filePath(u"other.pt"_s);
        QVERIFY(QFile::copy(QString::fromStdString(test::sample("digits_float.pt")), m_other));
        openModel();
        session().second().open(m_other);
        QVERIFY(compared());
    }
    void cleanup() { m_window.reset(); }

    void edits_data()
    {
        QTest::addColumn<QString>("answered");
        for (const char *answer : {"Cancel", "Discard", "Save"})
            QTest::newRow(answer) << answer;
    }

    /// Asked about before they go. Then the other model is the one that is shown, edited and undone.
    void edits()
    {
        QFETCH(QString, answered);
        edit({"conv2", Slot::Weight, "ap_fixed<3,1>", {}});
        const QStringList edited = shown();
        QCOMPARE(edited,
            (QStringList{u"m.pt, with other.pt"_s, u"▲ edited, not saved"_s, u"undo: choice"_s, u"conv2 3 bits"_s}));
        QCOMPARE(difference(), told(*session().network(), {m_other}));
        QStringList asked;
        answerTo(answered, asked);
        run(u"X"_s);
        QVERIFY(compared());
        QCOMPARE(asked, QStringList{u"The recipe of m.pt has changes that are not saved."_s});
        if (answered == u"Cancel") {
            QCOMPARE(shown(), edited);
            session().undoStack().undo();
            QVERIFY(computed() && compared());
            QCOMPARE(difference(), told(m_model, m_other));
            return;
        }
        const QStringList swapped{u"other.pt, with m.pt"_s, u"▲ none, assumed"_s, u"undo: "_s, u"conv2 8 bits"_s};
        QCOMPARE(shown(), swapped);
        QCOMPARE(difference(), told(m_other, m_model)); // with the recipe, where it was saved
        QCOMPARE(read(m_recipe).isEmpty(), answered == u"Discard");
        edit({"conv1", Slot::Weight, "ap_fixed<5,0>", {}});
        QCOMPARE(difference(), told(*session().network(), {m_model}));
        QCOMPARE(bits("conv1"), 5);
        session().undoStack().undo();
        QVERIFY(computed() && compared());
        QCOMPARE(shown(), swapped);
        QCOMPARE(difference(), told(m_other, m_model));
        run(u"X"_s); // nobody is asked: nothing is left to lose
        QVERIFY(QTest::qWaitFor([&] { return session().path() == m_model; }) && compared());
        const bool saved = answered == u"Save";
        QCOMPARE(shown(),
            (QStringList{u"m.pt, with other.pt"_s, saved ? u"▲ partly assumed"_s : u"▲ none, assumed"_s, u"undo: "_s,
                saved ? u"conv2 3 bits"_s : u"conv2 8 bits"_s}));
        QCOMPARE(difference(), told(m_model, m_other));
    }

    /// Proposals stay with their model, whichever is shown, and nothing of them reaches the other.
    void proposals()
    {
        const std::uint64_t weights = 144 + 4608 + 8192 + 640;
        propose("conv2", "ap_fixed<3,1>");
        const QStringList first{u"m.pt, with other.pt"_s, u"▲ none, assumed"_s, u"undo: "_s, u"conv2 8 bits"_s,
            u"conv2 ap_fixed<3,1>"_s, groupedText(8 * weights), groupedText(8 * weights - 5 * 4608), QString()};
        QCOMPARE(shown() + proposed(), first);
        swapTo(m_other); // nobody is asked
        QCOMPARE(shown() + proposed(),
            (QStringList{u"other.pt, with m.pt"_s, u"▲ none, assumed"_s, u"undo: "_s, u"conv2 8 bits"_s, QString()}));
        QVERIFY(!button("apply-proposals")->isVisible());
        QCOMPARE(difference(), told(m_other, m_model));
        propose("fc1", "ap_fixed<4,1>");
        const QStringList second{u"other.pt, with m.pt"_s, u"▲ none, assumed"_s, u"undo: "_s, u"conv2 8 bits"_s,
            u"fc1 ap_fixed<4,1>"_s, groupedText(8 * weights), groupedText(8 * weights - 4 * 8192), QString()};
        QCOMPARE(shown() + proposed(), second);
        button("apply-proposals")->click();
        QVERIFY(computed() && compared());
        QCOMPARE(QList<int>({bits("conv2"), bits("fc1")}), QList<int>({8, 4}));
        QCOMPARE(difference(), told(*session().network(), {m_model}));
        session().undoStack().undo();
        QVERIFY(computed() && compared());
        QCOMPARE(shown() + proposed(), second);
        swapTo(m_model);
        QCOMPARE(shown() + proposed(), first);
        swapTo(m_other);
        QCOMPARE(shown() + proposed(), second);
        QVERIFY(QFile::remove(m_model) // another model in its place
            && QFile::copy(QString::fromStdString(test::data("field/values_before.pt")), m_model));
        swapTo(m_model);
        QCOMPARE(session().proposals().all().size(), std::size_t{0});
        QCOMPARE(label("proposals-note"), u"▲ conv2 weight: ap_fixed<3,1> is dropped, the model no longer has it"_s);
        session().second().close();
        QCOMPARE(label("proposals-note").section(u'\n', 1),
            u"1 proposal for other.pt went with it: proposals are no edits of its recipe"_s);
    }

    /// Both models go: what was proposed for each is told.
    void anotherModel()
    {
        propose("conv2", "ap_fixed<3,1>");
        swapTo(m_other);
        propose("fc1", "ap_fixed<4,1>");
        m_window->open(QString::fromStdString(test::data("field/values_before.pt")));
        QVERIFY(QTest::qWaitFor([&] { return session().path().endsWith(u"values_before.pt"); }) && computed());
        QCOMPARE(label("proposals-note"),
            u"▲ 1 proposal for other.pt went with it: proposals are no edits of its recipe\n"
            "1 proposal for m.pt went with it: proposals are no edits of its recipe"_s);
        QVERIFY(!session().second().isOpen());
    }

private:
    static QString told(const QString &a, const QString &b)
    {
        const auto first = openNetwork(str(a));
        return first ? told(*first, {b}) : u"cannot be opened"_s;
    }
    /// As `quantscope diff` tells it.
    static QString told(const Network &first, const QStringList &with)
    {
        const auto second = openNetwork(str(with.front()));
        const auto diff = second ? diffOf(first, *second) : Result<ModelDiff>();
        return diff ? QString::fromStdString(diffText(first, *second, *diff)) : u"cannot be compared"_s;
    }
    QString difference()
    {
        const auto comparison = session().second().comparison();
        return comparison ? QString::fromStdString(diffText(*comparison->a, *comparison->b, comparison->diff))
                          : QString();
    }
    QStringList shown()
    {
        return {u"%1, with %2"_s.arg(QFileInfo(session().path()).fileName(), session().second().name()),
            label("header-recipe"), u"undo: "_s + session().undoStack().undoText(),
            u"conv2 %1 bits"_s.arg(bits("conv2"))};
    }
    bool computed()
    {
        return QTest::qWaitFor([&] { return !session().recovering() && session().statistics().idle(); }, 20000);
    }
    bool compared()
    {
        return QTest::qWaitFor(
            [&] {
                return session().state() == Session::State::Ready && session().statistics().idle()
                    && !session().second().running() && session().second().comparison();
            },
            20000);
    }
    void propose(const char *layer, const char *candidate)
    {
        session().proposals().propose({Proposal::of(layer, Slot::Weight, *parseCandidate(candidate))});
    }
    /// Proposals, bits in force and proposed, and what is said of those that went.
    QStringList proposed()
    {
        QStringList lines;
        for (const Proposal &one : session().proposals().all())
            lines << qs(one.choice.layer) + u' ' + qs(one.candidate);
        const bool known = QTest::qWaitFor(
            [&] { return lines.isEmpty() || (session().proposals().proposed() && session().statistics().idle()); },
            20000);
        if (known && !lines.isEmpty())
            lines << label("proposals-in-force-bits") << label("proposals-proposed-bits");
        return lines << label("proposals-note");
    }
    void swapTo(const QString &path)
    {
        run(u"X"_s);
        QVERIFY(QTest::qWaitFor([&] { return session().path() == path; }) && compared());
    }
    void edit(const SlotChoice &choice)
    {
        session().applyChoices({choice}, u"choice"_s);
        QVERIFY(computed() && compared());
    }
    /// The question's button of that name; a recipe is saved where it is offered.
    static void answerTo(const QString &with, QStringList &asked)
    {
        QTimer::singleShot(100, [with, &asked] {
            auto *box = qobject_cast<QMessageBox *>(QApplication::activeModalWidget());
            if (!box)
                return;
            asked << box->text();
            if (with == u"Save")
                QTimer::singleShot(100, [] {
                    if (auto *dialog = qobject_cast<QFileDialog *>(QApplication::activeModalWidget()))
                        QMetaObject::invokeMethod(dialog, "accept");
                });
            box->button(with == u"Save"    ? QMessageBox::Save
                       : with == u"Cancel" ? QMessageBox::Cancel
                                           : QMessageBox::Discard)
                ->click();
        });
    }

    QString m_other;
};

QTEST_MAIN(SwappedEditsTest)
#include "tst_swapped_edits.moc"
