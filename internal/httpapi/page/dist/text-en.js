export default `324
TrackMyDegree
Skip to the content
New plan
My plans
Français
Français: show this page in French
Documents are deleted seconds after they are read, results after 24 hours.
Loading
Try again
Close
Cancel
Request {id}
Job {id}
Trace {id}
The closest: {names}
Something went wrong in this page. Load it again.
Leave this plan?
It has changes that are not saved.
Leave
Stay
{count} credit|{count} credits
See what is left of your degree
Give your transcript, and plan the terms that are left. It takes a minute, and nobody else sees it.
Unofficial: ask your advisor before you decide.
No file chosen
Covers degrees of the Gina Cody School
Covers {count} degree of the Gina Cody School|Covers {count} degrees of the Gina Cody School
The list of degrees could not be loaded.
From your transcript or letter of admission
Choose the PDF
Unofficial transcript or letter of admission, at most 10 MiB. You can drop it anywhere on this page.
Read it
Choose a PDF first.
One document at a time, please.
This file is larger than 10 MiB. Print the document to PDF again, without images.
This file is not a PDF. Save the document as PDF and choose that file.
This file is empty. Download it again.
How do I get this PDF?
Open the Student Centre and choose “View my student record”, or open your unofficial transcript.
Print the page (Ctrl+P, on a Mac ⌘P) and choose “Save as PDF” as the printer.
Save it, and choose that file here. A photo or a scan cannot be read.
My plans
All my plans
Plan without a document
Degree
Choose a degree
Calendar
That of my first term
First term
Last term
Season of the first term
Year of the first term
Season of the last term
Year of the last term
Co-op
Extended credit program
Writing skills requirement met
Start from
Empty terms
The published sequence “{name}”
The published sequences could not be loaded.
Start planning
Choose a degree.
The last term is before the first.
What was read
Compare this with your document and mend what is wrong. Then go on to the plan.
{read} of {count} row|{read} of {count} rows
Every row that looks like a course was read.
Some rows could not be read. Add their courses here, or print the document again.
{read} credits read, {printed} printed as earned
{read} credits earned
The document prints another number of credits than its rows add up to.
Please check
page {page}
printed {expected}, read {found}
From elsewhere
Course
Title
Credits
Page
In your plan
Correct
Correct {code} in {term}
Correct {code}
What is right?
I completed it in {term}
I did not complete it
I did it elsewhere (transferred)
I am exempted from it
It does not belong here: take it out of {term}
Add a course
Add a course that was not read
Course code
Such as COMP 248
Term
Write letters and a number, such as COMP 248.
Correct it
{code} is corrected.
{code} is added.
Transferred from elsewhere
Exempted
Show all rows
Hide the rows
{count} course, {credits} credits|{count} courses, {credits} credits
The printed averages of {terms} are not those of the rows read. A row may be missing, or was read wrongly.
the whole record
check
Continue to the plan
What was read is kept for an hour only, and that hour is over. The plan is still there.
Choose your degree
Your document was read, but not which degree it is for. Choose it and go on; the document is not needed again.
The closest
Another degree
Continue
Please answer by {time}
It could not be read
Choose another file
My plans
Nothing saved yet. Save a plan and it is listed here.
Without a name
changed {date}
Open
Open {name}
Rename
Rename {name}
Rename the plan
Name
Copy
Copy {name}
{name} (copy)
Copying
“{name}” is a copy.
Delete
Delete {name}
Delete this plan?
“{name}” is deleted for good.
“{name}” is deleted.
It is now called “{name}”.
Show more
Your plans could not be loaded.
Co-op
Sign in
Sign in again
Your sign-in has ended. Nothing is lost: sign in and what you did is sent again.
Sign in to see and keep your plans.
Access token
This server asks for one. It is kept in this tab only.
This token is wrong or has expired. Check it and try again.
Continue
Sign in
Sign in in a new tab
Try it without an account
What you do as a guest is kept for a day. Sign in within the day to keep it.
Sign out
You are signed out.
Guest
Account
My data
Everything that is stored of you here: saved plans, and jobs of the last 24 hours.
Download all of it
Delete all of it
Delete everything?
All saved plans and results are deleted for good.
Everything is deleted.
This plan
Parts of the plan
Progress
Calendar {calendar}
Save
Undo
Redo
Print
More…
Save this plan
My plan
Not saved, kept until {time}
Kept only in this tab
Saving
Changes not saved yet
Saved {time}
Saved
Saved as “{name}”. From now on, changes are saved by themselves.
Unofficial. Ask your advisor before you decide. Printed {date}.
{completed} of {required} done
You can be done after {term}.
As planned, you are done after {term}.
The earliest would be {term}.
What takes longest: {courses}
No way to finish was found within twelve years.
Everything is done.
{count} thing to check|{count} things to check
Things to check
or
What is left
Nothing is left to plan. Every requirement is done, being taken or planned.
{left} of {all} left
{count} course of the plan is still to be chosen.|{count} courses of the plan are still to be chosen.
Show
Choose {credits}
from {count} course|from {count} courses
Plan…
Plan {code}
Find any course…
{code} is owed on top of the degree
{credits} do not count towards the {required}
Exempted, from elsewhere, owed or pinned ({n})
counts in {pool} by your choice
Details…
Details of {code}
Search
Offered in
Any season
Only what I may take next
{count} course|{count} courses
{shown} of {count} courses
Show 20 more
Type a code or a word of the title.
The courses could not be loaded. Close this and try again.
Choose
Choose {code}
Now and next
Add a term…
Plan the rest for me…
Nothing planned
now
Move…
Move {code}
Choose a course…
Choose a course for {name}
Remove {code}
Saving
Remove
Change {term}
Add a term
Add
Season
Year
Rename the term
Insert the term that follows
Remove this term
Remove it with its course|Remove it with its {count} courses
Move
Plan it
here now
Not planned
In which term?
offered in {seasons}
Where it counts, and what you know about it
{credits} count in {pool}.
Count it in
Pin
Unpin
The department agreed
The department agreed
Take that back
The department agreed.
Requirements
{degree}, calendar {calendar}. Unofficial.
The requirements could not be loaded.
{done} of {all}
could also count in {pools}
Count it in {pool}
What could fill it
offered next term
{count} more…|{count} more…
Does not count
Your pins cost {credits}.
Your courses under every degree
What you did and planned, measured by each degree. Fewest credits left first.
The degrees could not be compared.
See the requirements of {degree}
yours
{done} of {all} requirements done
Under {degree}
All degrees
Start a plan in it
Your courses are now a plan of {degree}, saved under My plans.
Two plans side by side
There is no other saved plan. Save a copy under More first.
Compare with
The other plan could not be loaded.
This plan
Degree
Left
Planned
Done after
Things to check
Both plans hold the same courses in the same terms.
More
OK
Rename…
Save a copy…
Other degrees
Compare with another plan
As a file
Download (JSON)
Download for a spreadsheet (CSV)
Download for a calendar (iCalendar)
Open a downloaded plan (JSON)
This file is not a plan that can be opened.
Delete from this server…
Delete this result?
The result is deleted from this server. A saved plan stays under My plans.
Delete
The result is deleted.
Plan the rest for me
At most, credits a term
From
Summers too
Keep what I have planned
More wishes
Courses that I want (codes, with commas)
Courses that I do not want
Work terms: S study, W work, - off, a letter for each term
Show what it would be
Looking for the shortest plan
There is no such plan.
Take it over
The plan is taken over. Undo takes it back.
Nothing is left to plan.
Done after {term}, in {count} term of study.|Done after {term}, in {count} terms of study.
No plan is shorter.
At least {count} term is needed.|At least {count} terms are needed.
work term
term.
winter Winter
spring Spring
summer Summer
fall Fall
wait.
title Building your plan
titleDocument Reading your document
sent Sent
read Read
built Built
sending Sending
sendingPart Sending, {percent} %
queued Waiting for its turn
starting Starting up, usually {workerStartSeconds} s
processing Reading and building
retrying Something was not reachable. It is tried again by itself.
done Done
soon Usually under a minute. You can close this page and come back.
offline No connection, trying again
online The connection is back
slow The network is slow.
keep Keep waiting
stop Stop
stopped Stopped. Nothing of it is kept.
sendAgain Send it again
read.
stateCompleted Completed
stateInprogress Being taken
statePlanned Planned
stateIncomplete Not completed
stateNone Not in the plan
problem.
offline The server cannot be reached. Check the connection and try again.
upload_cut The upload was cut off. Nothing is lost: send it again.
not_a_pdf This file is not a PDF. Save the document as PDF and choose that file.
unsupported_kind This kind of file is not supported. Choose a PDF.
too_large The file is larger than 10 MiB. Print the document to PDF again, without images.
encrypted The PDF is protected by a password. Save it without one and choose it again.
no_text The PDF contains no text, only images. Print the page to PDF from the browser instead of scanning it.
corrupt The PDF is damaged and cannot be read. Download or print it again.
unrecognized_document The PDF is neither a student record nor an offer of admission. Choose one of these two.
too_many_pages The PDF has more than 60 pages. Choose the student record or the offer of admission alone.
too_complex The PDF takes too long to read. Print the page to PDF again from the browser.
unreadable_rows The rows of courses cannot be read in this layout. Open the student record in a browser and print that page to PDF.
incomplete_document A part of the document cannot be read. Print the whole student record to PDF from the browser.
bad_request The server did not understand this page. Load the page again.
method_not_allowed The server did not understand this page. Load the page again.
sign_in_unavailable Signing in is not possible at the moment. Try again shortly.
degree_not_found The degree that the document names is not one of ours. Choose your degree.
degree_ambiguous The degree that the document names fits several degrees. Choose yours.
degree_missing The document names no degree. Choose yours.
facts_expired What was read of the document is no longer kept. Choose the document again.
invalid_form Some fields are missing or wrong.
timeline_not_found This plan is no longer here. It may have been deleted.
job_not_found This plan is no longer here: results are kept for 24 hours. Open a saved plan, or choose the document again.
conflict This does not fit the plan any longer. Load it again.
precondition_failed It was changed in another tab. Your change was not made.
worker_lost Reading it was interrupted three times and has stopped. Print the document to PDF again, or plan without it.
unauthorized You are not signed in. Sign in and try again.
forbidden Your account is not allowed to do this.
not_found There is nothing at this address.
too_many_requests Too many requests. Wait a minute and try again.
too_many_jobs Several of your plans are still being built. Wait until some are done and try again.
parser_unavailable Documents cannot be read at the moment. Try again shortly.
database_unavailable The database is not reachable at the moment. Try again shortly.
storage_unavailable Files cannot be stored at the moment. Try again shortly.
queue_unavailable Work cannot be accepted at the moment. Try again shortly.
draining The system is being maintained. Try again in a few minutes.
timeout This took too long. Try again shortly.
internal Something went wrong on our side. Try again shortly.
plan.tab.
left What is left
plan Plan
terms Terms
audit Requirements
plan.part.
completed {credits} done
inProgress {credits} being taken
planned {credits} planned
remaining {credits} left
plan.repeat.
failed Repeat {code}: it gave no credits
c_minus Repeat {code}: C- or better is needed
plan.state.
completed Done
inprogress Taking now
planned Planned
incomplete No credits
transfer Credits from elsewhere
exemption Exempted, gives no credits
placeholder To be chosen
other Another attempt counts
notPosted No grade yet
notRecognised Grade not recognised
discontinued Discontinued
audited Audited, no credits
noSubmission Failed (no submission)
repeat Repeat required
failed Failed
owed Owed on top of the degree
plan.past.
title Past: {count} term, {credits}|Past: {count} terms, {credits}
only Only what does not count
course Course
credits Credits
state State
counts Counts in
nowhere Does not count
elsewhere Without a term
plan.mark.
transferred I took this elsewhere
exempted I am exempted from it
deficient I owe it on top of the degree
plan.unmark.
transferred I did not take it elsewhere
exempted I am not exempted from it
deficient I do not owe it
plan.said.
moved {code} is in {term}.
removed {code} is no longer planned.
added {term} is added.
renamed The term is now {term}.
inserted A term is inserted.
termRemoved {term} is removed.
pinned {code} is pinned.
unpinned {code} is no longer pinned.
marked Noted for {code}.
waived The remark counts as met.
unwaived The remark holds again.
undo Undone.
redo Done again.
plan.failed.
error Your change was not made.
changed Changed in another tab; this is the newest. Your change was not made.
gone The server no longer has this plan (results are kept for 24 hours). It is kept only in this tab: save it to go on.
replaced The saved plan was changed in another tab. Yours was not saved.
signin Your sign-in has ended. Sign in and try again: your change is still here.
plan.again.
error Try again
changed Make it again
replaced Save mine instead
signin Try again
plan.remark.
prerequisite Needs {courses} before it.
prerequisite_c_minus Needs {courses} with C- or better before it.
corequisite Needs {courses} in the same term or earlier.
prerequisite_or_corequisite Needs {courses} in the same term or earlier.
excluded Does not count together with {courses}.
credits_before Needs {credits} credits before it; {missing} are missing.
not_offered Usually in {seasons}.
overload {missing} credits over the {credits} of a term.
repeated In the plan more than once; it counts once.
c_minus Must be repeated: C- or better is needed.
coop_start Starts with a work term.
coop_end Ends with a work term.
coop_early Two study terms come before the first work term.
coop_in_a_row More than two work terms in a row.
coop_order The work terms are out of order.
coop_missing Co-op has three work terms.
other Check this.
plan.remedy.
from Possible from {term}.
done Nothing to do: the course is completed.
advisor Ask your advisor.
prerequisite Plan that first.
corequisite Plan that first or together.
prerequisite_or_corequisite Plan that first or together.
excluded Choose another course.
credits_before Move it to a later term.
not_offered Check the schedule, or move it.
overload Move a course, or ask for permission.
repeated Remove it, unless you repeat it for the grade.
c_minus Plan it again.
coop_start Study first.
coop_end Plan a study term after it.
coop_early Move the work term.
coop_in_a_row Plan a study term between them.
coop_order Put them in order.
coop_missing Plan the others.
audit.because.
required required
elective an elective
overflow beyond what another requirement could use
equivalent in place of {course}
only_place the only place for it
waived by agreement
pinned by your choice
audit.uncounted.
not_listed no requirement of this degree lists it
no_room what lists it is full
excluded another course excludes it
repeated it counts once
not_earned it gave no credits
work_term work terms give no credits of the degree
no_credits exempted, gives no credits
not_yet_due not taken yet
audit.status.
complete done
in_progress being taken
planned planned
missing not yet
audit.column.
course Course
credits Counts
state State
why Why here
wish.because.
kept kept where it was
work_term work term
critical later, you would finish later
earliest as early as it can be
level for an even load`