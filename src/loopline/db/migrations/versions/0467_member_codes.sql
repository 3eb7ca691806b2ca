-- The number that a member's code at a till begins with: given when the member first looks at it, and gone with them. What
-- follows the number in a code is made of a key that is not in here, and changes every minute.
create table customers.shown_number (
    member_id  uuid not null,
    number     bigint not null,
    given_at   timestamptz not null,
    constraint shown_number_pkey primary key (member_id),
    constraint shown_number_is_one_members unique (number),
    constraint shown_number_of_a_member foreign key (member_id) references customers.member (id),
    constraint shown_number_has_ten_digits check (number between 9000000000 and 9999999999)
);
